import type { Plugin } from "../../../lib/plugin/contract.ts";
import type { Transaction } from "../../../lib/store/contract.ts";
import type { Faults } from "./faults.ts";

/** What a record of the input says. */
export interface Counted {
  /** 0, 1, 2 … over all keys. */
  number: number;
  /** 1, 2, 3 … of its key. */
  count: number;
}

/** The plugin's name, group of its stream and prefix of its rows. */
export const COUNTING = "counting";

/**
 * Keeps for each key how many of its records it has seen, and sends each record on with that count: the outputs are
 * right only where the state was, over every handover.
 */
export function counting(
  faults: Faults,
  group: string,
  say: (line: string) => void,
): Plugin {
  return {
    name: COUNTING,
    setup(ctx) {
      for (const name of ["in", "out"]) ctx.topic({ name, partitions: 6 });
      const names = (partitions: readonly { partition: number }[]) =>
        partitions.map(({ partition }) => partition).join(" ");
      ctx.store([{
        version: 1,
        name: "counts",
        up: (tx) => {
          tx.run("CREATE TABLE effects (partition INTEGER, key TEXT, number INTEGER, count INTEGER)");
          tx.run(
            "CREATE TABLE counts (partition INTEGER, key TEXT, count INTEGER, PRIMARY KEY (partition, key))",
          );
        },
      }]);
      ctx.stream({
        topics: ["in"],
        group,
        maxRecords: 5,
        lingerMs: 0,
        state: {
          reset: (tx, { partition }) => {
            say(`reset ${partition}`);
            tx.run("DELETE FROM effects WHERE partition = ?", partition);
            tx.run("DELETE FROM counts WHERE partition = ?", partition);
          },
        },
        onAssigned: (partitions) => say(`came ${names(partitions)}`),
        onRevoked: (partitions) => say(`went ${names(partitions)}`),
      }, async (batch) => {
        faults.pass("handler");
        say(`batch ${batch.partition} ${batch.records[0]?.offset} ${batch.records.length}`);
        await faults.stick(batch.signal);
        return {
          write: (tx) =>
            batch.records.map(({ keyText, value }, at) => {
              if (at === 1) faults.pass("write");
              const key = keyText ?? "";
              const { number }: Counted = JSON.parse(new TextDecoder().decode(value ?? undefined));
              const count = counted(tx, batch.partition, key);
              tx.run("INSERT INTO effects VALUES (?, ?, ?, ?)", batch.partition, key, number, count);
              return { topic: "out", key, value: { number, count } };
            }),
        };
      });
    },
  };
}

function counted(tx: Transaction, partition: number, key: string): number {
  const row = tx.get<{ count: number }>(
    `INSERT INTO counts VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count`,
    partition,
    key,
  );
  return row?.count ?? 0;
}
