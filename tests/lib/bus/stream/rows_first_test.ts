import assert from "node:assert/strict";
import { copying, type RowsRig, withRows } from "./rows_rig.ts";

/** Runs a stream until its commit on the bus fails for good, as if the process were killed between the two commits. */
async function crash({ bus, stream }: RowsRig, values: readonly string[], spec = {}): Promise<void> {
  const killed = new Error("killed");
  bus.retryable.add(killed);
  bus.append("in", values);
  const failed = Promise.withResolvers<void>();
  const refuse = () => {
    failed.resolve();
    throw killed;
  };
  bus.beforeCommit = refuse;
  const dying = stream({ spec });
  dying.start();
  await failed.promise;
  await dying.stop(AbortSignal.abort());
  bus.beforeCommit = undefined;
}

async function run({ stream }: RowsRig, options: Parameters<RowsRig["stream"]>[0] = {}): Promise<void> {
  const running = stream(options);
  running.start();
  await running.caughtUp();
  await running.stop();
}

Deno.test("rows are stored before outputs and offset reach the bus", () =>
  withRows(async (rig) => {
    const seen: string[][] = [];
    rig.bus.append("in", ["a", "b"]);
    rig.bus.beforeCommit = () => void seen.push(rig.rows());
    await run(rig);
    assert.deepEqual(seen, [["a", "b"]]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b"]);
    assert.equal(rig.bus.committed.get("g/in"), 2);
    assert.deepEqual(rig.fence(), { offset: 1, first: 0, start: 0 });
  }));

Deno.test("a commit that did not reach the bus is tried again without writing the rows twice", () =>
  withRows(async (rig) => {
    const away = new Error("broker away");
    rig.bus.retryable.add(away);
    rig.bus.faults.commit.push(away, away);
    rig.bus.append("in", ["a"]);
    await run(rig);
    assert.deepEqual(rig.rows(), ["a"]);
    assert.deepEqual(rig.bus.values("out"), ["a"]);
  }));

Deno.test("after a crash between rows and bus the stored outputs are sent, and the handler is not called again", () =>
  withRows(async (rig) => {
    await crash(rig, ["a", "b"]);
    assert.deepEqual(rig.rows(), ["a", "b"]);
    assert.deepEqual(rig.bus.values("out"), []);
    rig.bus.append("in", ["c"]);
    const calls: number[] = [];
    await run(rig, {
      handler: (batch) => {
        calls.push(...batch.records.map(({ offset }) => offset));
        return copying(batch);
      },
    });
    assert.deepEqual(calls, [2]);
    assert.deepEqual(rig.rows(), ["a", "b", "c"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c"]);
  }));

Deno.test("where another agent went on inside the stored batch, the rest is handled for its outputs alone", () =>
  withRows(async (rig) => {
    await crash(rig, ["a", "b", "c"]);
    // Another agent handled "a" alone, and sent what belongs to it.
    rig.bus.committed.set("g/in", 1);
    rig.bus.add({ topic: "out", value: new TextEncoder().encode("a") });
    rig.bus.append("in", ["d"]);
    await run(rig);
    assert.deepEqual(rig.rows(), ["a", "b", "c", "d"], "no row is doubled");
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c", "d"], "no output is missing or doubled");
  }));

Deno.test("where another agent went on behind the stored batch, rows stay and the stream goes on with the group", () =>
  withRows(async (rig) => {
    await crash(rig, ["a", "b"]);
    rig.bus.committed.set("g/in", 2);
    rig.bus.append("in", ["c"]);
    await run(rig);
    assert.deepEqual(rig.rows(), ["a", "b", "c"]);
    assert.deepEqual(rig.bus.values("out"), ["c"]);
  }));

Deno.test("a fence beyond the end of its topic is of another topic of that name, and forgotten", () =>
  withRows(async (rig) => {
    await crash(rig, ["a", "b", "c"]);
    await rig.store.write((tx) => void tx.run("UPDATE bus_fences SET first = 50, start = 50, offset = 60"));
    await run(rig);
    assert.deepEqual(rig.bus.values("out"), ["a", "b", "c"]);
    assert.deepEqual(rig.fence()?.offset, 2);
  }));

Deno.test("rows of a partition that went to another member are not stored", () =>
  withRows(async (rig) => {
    const stream = rig.stream({
      handler: async (batch) => {
        // The handler takes no notice of its signal.
        void rig.bus.revoke("in", 0);
        await Promise.resolve();
        return copying(batch);
      },
    });
    rig.bus.append("in", ["a"]);
    const gone = Promise.withResolvers<void>();
    const log = setInterval(() => {
      if (rig.lines.some((line) => line.includes("went to another member"))) gone.resolve();
    }, 1);
    stream.start();
    await gone.promise;
    clearInterval(log);
    await stream.stop();
    assert.deepEqual(rig.rows(), []);
    assert.equal(rig.bus.committed.get("g/in"), undefined);
  }));

Deno.test("at least once: rows, then outputs, then the offset; a crash before the outputs sends what is stored", () =>
  withRows(async (rig) => {
    const away = new Error("broker away");
    rig.bus.retryable.add(away);
    const failed = Promise.withResolvers<void>();
    rig.bus.append("in", ["a", "b"]);
    const spec = { delivery: "at-least-once" as const };
    const dying = rig.stream({
      spec,
      driver: {
        name: "kafka",
        rowStore: rig.store,
        open: (options) => rig.bus.open(options),
        send: () => {
          failed.resolve();
          return Promise.reject(away);
        },
        lag: (group, topics) => rig.bus.lag(group, topics),
        isRetryable: (error) => rig.bus.isRetryable(error),
      },
    });
    dying.start();
    await failed.promise;
    await dying.stop(AbortSignal.abort());
    assert.deepEqual(rig.rows(), ["a", "b"]);
    await run(rig, { spec });
    assert.deepEqual(rig.rows(), ["a", "b"]);
    assert.deepEqual(rig.bus.values("out"), ["a", "b"]);
    assert.equal(rig.bus.committed.get("g/in"), 2);
  }));
