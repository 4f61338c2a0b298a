import assert from "node:assert/strict";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import type { StreamOptions } from "../../../../lib/bus/stream/stream_options.ts";
import { copying, type RowsRig, withRows } from "./rows_rig.ts";

const reset: StreamOptions["reset"] = (tx) => void tx.run("DELETE FROM r");

async function run(rig: RowsRig, options: Parameters<RowsRig["stream"]>[0] = {}): Promise<void> {
  const running = rig.stream({ reset, ...options });
  running.start();
  await running.caughtUp();
  await running.stop();
}

/** Another agent handles what is there: outputs and offset move, the rows lie in its own file. */
function elsewhere({ bus }: RowsRig, values: readonly string[]): void {
  bus.append("in", values);
  for (const value of values) bus.add({ topic: "out", value: new TextEncoder().encode(value) });
  bus.committed.set("g/in", (bus.committed.get("g/in") ?? 0) + values.length);
}

async function crash(rig: RowsRig, values: readonly string[]): Promise<void> {
  const killed = new Error("killed");
  rig.bus.retryable.add(killed);
  rig.bus.append("in", values);
  const failed = Promise.withResolvers<void>();
  rig.bus.beforeCommit = () => {
    failed.resolve();
    throw killed;
  };
  const dying = rig.stream({ reset });
  dying.start();
  await failed.promise;
  await dying.stop(AbortSignal.abort());
  rig.bus.beforeCommit = undefined;
}

Deno.test("records that another agent handled are handled again for their rows alone", () =>
  withRows(async (rig) => {
    rig.bus.append("in", ["a"]);
    await run(rig);
    elsewhere(rig, ["b", "c"]);
    rig.bus.append("in", ["d"]);
    await run(rig);
    assert.deepEqual(rig.rows(), ["a", "b", "c", "d"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c", "d"], "no output is sent again");
    assert.deepEqual(rig.fence(), { offset: 3, first: 3, start: 3 });
  }));

Deno.test("an agent without rows of a partition makes them from the first record that is kept", () =>
  withRows(async (rig) => {
    elsewhere(rig, ["a", "b"]);
    rig.bus.append("in", ["c"]);
    await run(rig);
    assert.deepEqual(rig.rows(), ["a", "b", "c"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c"]);
  }));

Deno.test("where another agent redid a part of the stored batch, the state is emptied and made anew", () =>
  withRows(async (rig) => {
    rig.bus.append("in", ["a"]);
    await run(rig);
    await crash(rig, ["b", "c"]);
    assert.deepEqual(rig.rows(), ["a", "b", "c"]);
    rig.bus.committed.set("g/in", 2);
    rig.bus.add({ topic: "out", value: new TextEncoder().encode("b") });
    await run(rig);
    assert.deepEqual(rig.rows(), ["a", "b", "c"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c"]);
  }));

Deno.test("after a crash between the two commits a state is neither emptied nor made again", () =>
  withRows(async (rig) => {
    rig.bus.append("in", ["a"]);
    await run(rig);
    await crash(rig, ["b"]);
    let handled = 0;
    await run(rig, {
      reset: () => assert.fail("not emptied"),
      handler: (batch) => {
        handled += batch.records.length;
        return copying(batch);
      },
    });
    assert.equal(handled, 0);
    assert.deepEqual(rig.rows(), ["a", "b"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b"]);
  }));

Deno.test("batches without rows move the fence of a state, too: nothing is made again that was handled here", () =>
  withRows(async (rig) => {
    let handled = 0;
    const handler: StreamHandler = ({ records }) => {
      handled += records.length;
      return { outputs: records.map(({ value }) => ({ topic: "out", value })) };
    };
    for (let round = 0; round < 2; round++) {
      rig.bus.append("in", ["a", "b"]);
      await run(rig, { handler });
    }
    assert.equal(handled, 4);
    assert.deepEqual(rig.fence(), { offset: 3, first: 2, start: 2 });
  }));

Deno.test("catching up that was interrupted goes on where it was, batch by batch", () =>
  withRows(async (rig) => {
    elsewhere(rig, ["a", "b", "c", "d", "e"]);
    const handled: number[] = [];
    const reached = Promise.withResolvers<void>();
    const first = rig.stream({
      reset,
      spec: { maxRecords: 2 },
      handler: async (batch) => {
        const offset = batch.records[0]?.offset ?? 0;
        handled.push(offset);
        if (offset === 2) {
          reached.resolve();
          await new Promise((_, reject) => batch.signal.addEventListener("abort", reject));
        }
        return copying(batch);
      },
    });
    first.start();
    await reached.promise;
    await first.stop(AbortSignal.abort());
    assert.deepEqual(rig.rows(), ["a", "b"]);
    rig.bus.append("in", ["f"]);
    await run(rig, {
      spec: { maxRecords: 2 },
      handler: (batch) => {
        handled.push(batch.records[0]?.offset ?? 0);
        return copying(batch);
      },
    });
    assert.deepEqual(handled, [0, 2, 2, 4, 5]);
    assert.deepEqual(rig.rows(), ["a", "b", "c", "d", "e", "f"]);
  }));

Deno.test("a partition that goes while it is caught up is let go at once", () =>
  withRows(async (rig) => {
    elsewhere(rig, ["a", "b"]);
    const reached = Promise.withResolvers<void>();
    const stream = rig.stream({
      reset,
      handler: async ({ signal }) => {
        reached.resolve();
        await new Promise((_, reject) => signal.addEventListener("abort", reject));
      },
    });
    stream.start();
    await reached.promise;
    await rig.bus.revoke("in", 0);
    await stream.stop();
    assert.deepEqual(rig.rows(), []);
  }));

Deno.test("while a stream is paused nothing is caught up", () =>
  withRows(async (rig) => {
    elsewhere(rig, ["a"]);
    let handled = 0;
    const stream = rig.stream({
      reset,
      handler: (batch) => {
        handled++;
        return copying(batch);
      },
    });
    stream.pause();
    stream.start();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(handled, 0);
    stream.resume();
    rig.bus.append("in", ["b"]);
    await stream.caughtUp();
    await stream.stop();
    assert.deepEqual(rig.rows(), ["a", "b"]);
  }));

Deno.test("a record that fails while its rows are made again is passed over, and not set aside a second time", () =>
  withRows(async (rig) => {
    elsewhere(rig, ["a", "bad", "c"]);
    rig.bus.append("in", ["d"]);
    await run(rig, {
      handler: (batch) => {
        if (batch.records.some(({ value }) => new TextDecoder().decode(value ?? undefined) === "bad")) {
          throw new Error("can't");
        }
        return copying(batch);
      },
    });
    assert.deepEqual(rig.rows(), ["a", "c", "d"]);
    assert.deepEqual(rig.bus.values("in.dlq"), []);
  }));
