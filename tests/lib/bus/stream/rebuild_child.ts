import { systemClock } from "../../../../lib/bus/clock.ts";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { withRowStore } from "../../../../lib/bus/stream/rows_first.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";

/**
 * A process that folds topic `in` into one row of `folded` and sends each step to topic `out`; with `rebuild` as its second
 * argument it makes that row anew once it has caught up. One line on standard output for each batch. Meant to be killed: it
 * waits for that at the batch, of those it was started for, whose number is its third argument.
 */
if (import.meta.main) {
  const [file = "", what, stopAt] = Deno.args;
  let counted = what !== "rebuild";
  let batches = 0;
  await using store = await openStore({ file });
  await using log = await openLocalLog(store, { leaseMs: 300, heartbeatMs: 75 });
  const stream = new Stream({
    spec: {
      ...{ name: "t/fold", group: "fold", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
      maxRecords: 7,
      maxBytes: 1_000_000,
    },
    driver: withRowStore(log, store),
    handler: async ({ records }) => {
      if (++batches >= Number(stopAt) && counted) await new Promise(() => {});
      return {
        write(tx) {
          console.log("batch");
          return records.map(({ offset }) => {
            const { n, fold } = tx.get<{ n: number; fold: number }>("SELECT n, fold FROM folded") ??
              { n: 0, fold: 0 };
            tx.run("REPLACE INTO folded VALUES (1, ?, ?)", n + 1, (fold * 31 + offset) % 1_000_003);
            return { topic: "out", value: new TextEncoder().encode(String(n + 1)) };
          });
        },
      };
    },
    reset: (tx) => void tx.run("DELETE FROM folded"),
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    log: createLogger({ level: "error" }),
    meter: createMeter(),
    clock: systemClock,
    random: Math.random,
  });
  stream.start();
  await stream.caughtUp();
  if (what === "rebuild") {
    console.log("rebuild");
    batches = 0;
    counted = true;
    await stream.rebuild();
  }
  await stream.stop();
}
