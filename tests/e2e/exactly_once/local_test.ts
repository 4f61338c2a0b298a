import assert from "node:assert/strict";
import { join } from "node:path";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { BusBench } from "../../../lib/testing/bus_case.ts";
import { assertRecords, numbered, wrongRows } from "./check.ts";
import { AgentProcess, DEADLINE_MS } from "./child.ts";
import type { Fault } from "./faults.ts";

const RECORDS = 600;
const topics = { in: "in", out: "out" };

Deno.test("exactly once on the local log: kill -9 in the middle of a batch and between batches, six partitions", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-local-" });
  try {
    const storeFile = join(folder, "agent.sqlite");
    const start = (fault?: Fault) => new AgentProcess({ storeFile, topics, group: "counting", fault });
    await using store = await openStore({ file: storeFile });
    await using log = await openLocalLog(store);
    await log.topics.apply(Object.values(topics).map((name) => ({ name, partitions: 6 })));
    const partitionOf = new Map<number, number>();
    for (let from = 0; from < RECORDS; from += 50) {
      const positions = await log.send(numbered("in", from, 50));
      positions.forEach(({ partition }, at) => partitionOf.set(from + at, partition));
    }
    const handled = () =>
      store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM effects")?.n ?? 0);
    {
      await using first = start({ at: "write", time: 20 });
      await first.killed();
      assert.ok(handled() > 0 && handled() < RECORDS, `killed in the middle: ${handled()}`);
    }
    {
      await using second = start({ at: "handler", time: 15 });
      await second.killed();
    }
    {
      // Two members of one group on one file, each with batches behind it and killed in the middle of others.
      await using third = start({ at: "stuck", time: 4 });
      await using fourth = start({ at: "stuck", time: 4 });
      await Promise.all(
        [third, fourth].map((each) => each.until("it handles", ({ batches }) => batches > 3)),
      );
      await third.kill();
      await fourth.kill();
    }
    assert.ok(handled() < RECORDS, `killed in the middle: ${handled()}`);
    await using last = start();
    const bench = new BusBench(log, DEADLINE_MS);
    await bench.eventually("all is handled", async () => {
      return (await log.lag("counting", ["in"])).every(({ lag }) => lag === 0);
    });
    await last.stop();
    assert.deepEqual(await wrongRows(storeFile, [0, 1, 2, 3, 4, 5], partitionOf), []);
    await using reader = await log.open({ group: null, topics: ["out"], from: "earliest" });
    const outputs = await bench.receive(reader, RECORDS);
    const more = await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 0 });
    assertRecords([...outputs, ...more?.records ?? []], RECORDS);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
