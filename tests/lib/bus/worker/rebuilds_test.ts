import assert from "node:assert/strict";
import type { ToWorker } from "../../../../lib/bus/worker/protocol.ts";
import { Rebuilds } from "../../../../lib/bus/worker/rebuilds.ts";

Deno.test("a rebuild is told of its own progress and end, and of the Worker's", async () => {
  const sent: ToWorker[] = [];
  const rebuilds = new Rebuilds((message) => sent.push(message));
  const figures: number[] = [];
  const first = rebuilds.begin("p/a", ({ done }) => void figures.push(done));
  const second = rebuilds.begin("p/b");
  const third = rebuilds.begin("p/c");
  assert.deepEqual(sent, [
    { kind: "rebuild", id: 1, stream: "p/a" },
    { kind: "rebuild", id: 2, stream: "p/b" },
    { kind: "rebuild", id: 3, stream: "p/c" },
  ]);
  rebuilds.take({ kind: "rebuilding", id: 2, done: 9, total: 9 });
  rebuilds.take({ kind: "rebuilding", id: 1, done: 4, total: 9 });
  rebuilds.take({ kind: "rebuilt", id: 1, rebuilt: { partitions: 1, records: 9 } });
  rebuilds.take({ kind: "not rebuilt", id: 2, error: "no" });
  rebuilds.lost("it stopped");
  assert.deepEqual(await first, { partitions: 1, records: 9 });
  await assert.rejects(second, /^Error: no$/);
  await assert.rejects(third, /ended \(it stopped\)/);
  assert.deepEqual(figures, [4]);
});

Deno.test("what onProgress throws is for who waits for the rebuild, and ends nothing else", async () => {
  const rebuilds = new Rebuilds(() => {});
  const failing = rebuilds.begin("p/a", () => {
    throw new Error("a bar without room");
  });
  const other = rebuilds.begin("p/b");
  rebuilds.take({ kind: "rebuilding", id: 1, done: 1, total: 2 });
  rebuilds.take({ kind: "rebuilt", id: 1, rebuilt: { partitions: 1, records: 2 } });
  rebuilds.take({ kind: "rebuilt", id: 2, rebuilt: { partitions: 1, records: 3 } });
  await assert.rejects(failing, /a bar without room/);
  assert.deepEqual(await other, { partitions: 1, records: 3 });
});
