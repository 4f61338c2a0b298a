import assert from "node:assert/strict";
import type { OutgoingRecord, Position } from "../../../../../lib/bus/contract.ts";
import { AppendLane } from "../../../../../lib/bus/local/lane/append_lane.ts";
import { type LocalBus, openLocalLog } from "../../../../../lib/bus/local/local_bus.ts";
import { WriteTurns } from "../../../../../lib/store/write_turns.ts";
import { holdWriteLock } from "../../../../../lib/testing/store_faults.ts";
import { TempStore } from "../../../store/temp_store.ts";

const value = new Uint8Array([1]);

/** A send of a test, with what became of it. */
class Sent {
  readonly settled = Promise.withResolvers<Position[] | undefined>();

  constructor(readonly records: readonly OutgoingRecord[]) {}
}

/** A log with a topic `t`, and a lane into it that runs. */
class Laned implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  passedOn = 0;

  private constructor(readonly log: LocalBus, readonly lane: AppendLane<Sent>) {}

  static async open(): Promise<Laned> {
    const temp = new TempStore();
    const store = await temp.open();
    const log = await openLocalLog(store);
    await log.topics.apply([{ name: "t", partitions: 2 }]);
    const lane = new AppendLane<Sent>({
      storeFile: store.file,
      powerSafe: false,
      turns: new WriteTurns("first").memory,
      settled: (send, positions) => send.settled.resolve(positions),
      passedOn: () => laned.passedOn++,
    });
    const laned = new Laned(log, lane);
    laned.#stack.use(temp);
    laned.#stack.use(log);
    laned.#stack.defer(() => lane.close());
    await lane.start();
    return laned;
  }

  /** Puts a send; fails where there is no room. */
  put(...records: OutgoingRecord[]): { send: Sent; slot: number; settled: Promise<Position[] | undefined> } {
    const send = new Sent(records);
    const slot = this.lane.put(send, 1_700_000_000_000);
    assert.ok(slot >= 0);
    return { send, slot, settled: send.settled.promise };
  }

  /** Where the partition ends. */
  async end(partition: number): Promise<number | undefined> {
    const [description] = await this.log.topics.describe(["t"]);
    return description?.partitions[partition]?.endOffset;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

Deno.test("sends by the lane are stored whole, in their order, with their positions", async () => {
  await using laned = await Laned.open();
  const sends = Array.from({ length: 50 }, (_, at) =>
    laned.put(
      { topic: "t", partition: 0, value: new Uint8Array([at]) },
      { topic: "t", partition: 1, value: null, key: new Uint8Array([at]), headers: [["n", value]] },
    ));
  const positions = await Promise.all(sends.map(({ settled }) => settled));
  assert.deepEqual(
    positions,
    sends.map((_, offset) => [{ topic: "t", partition: 0, offset }, { topic: "t", partition: 1, offset }]),
  );
  const read = (partition: number) =>
    laned.log.store.read((db) => laned.log.readFrom(db, { topic: "t", partition, offset: 0 }, 99, 1e9));
  assert.deepEqual(read(0).map(({ value }) => value?.[0]), sends.map((_, at) => at));
  assert.deepEqual(read(1).map(({ key }) => key?.[0]), sends.map((_, at) => at));
  assert.deepEqual(read(1)[7]?.headers.map(([name, value]) => [name, [...value]]), [["n", [1]]]);
  assert.equal(read(1)[7]?.timestamp, 1_700_000_000_000);
  assert.ok(laned.passedOn > 0);
});

Deno.test("what can't be stored in the lane is handed back, and the lane goes on", async () => {
  await using laned = await Laned.open();
  const missing = laned.put({ topic: "missing", value });
  assert.equal(await missing.settled, undefined);
  assert.deepEqual(await laned.put({ topic: "t", partition: 1, value }).settled, [
    { topic: "t", partition: 1, offset: 0 },
  ]);
});

Deno.test("while the write lock is held a send can be withdrawn, and is never stored", async () => {
  await using laned = await Laned.open();
  const lock = holdWriteLock(laned.log.store.file);
  const leaves = laned.put({ topic: "t", partition: 0, value });
  const stays = laned.put({ topic: "t", partition: 0, value });
  assert.ok(laned.lane.withdraw(leaves.slot));
  lock[Symbol.dispose]();
  assert.equal(await leaves.settled, undefined);
  assert.deepEqual(await stays.settled, [{ topic: "t", partition: 0, offset: 0 }]);
  assert.equal(await laned.end(0), 1);
});

Deno.test("sends that wait too long for the write lock are handed back", async () => {
  await using laned = await Laned.open();
  using _lock = holdWriteLock(laned.log.store.file);
  assert.equal(await laned.put({ topic: "t", partition: 0, value }).settled, undefined);
  assert.equal(await laned.end(0), 0);
});

Deno.test("close() waits until what was put is stored; nothing is taken after", async () => {
  await using laned = await Laned.open();
  const { settled } = laned.put({ topic: "t", partition: 0, value });
  await laned.lane.close();
  assert.equal((await settled)?.[0]?.offset, 0);
  assert.equal(laned.lane.put(new Sent([{ topic: "t", value }]), 0), -1);
  assert.equal(laned.lane.busy, false);
});

Deno.test("a lane that can't start takes nothing and says why", async () => {
  const said: unknown[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (_: string, fields?: Record<string, unknown>) => void said.push(fields?.error),
    error() {},
    child: () => log,
  };
  const lane = new AppendLane<Sent>({
    storeFile: "/nowhere/capstan.sqlite",
    powerSafe: false,
    turns: new WriteTurns("first").memory,
    log,
    settled() {},
    passedOn() {},
  });
  await lane.start();
  assert.equal(lane.put(new Sent([{ topic: "t", value }]), 0), -1);
  assert.match(String(said), /nowhere/);
  await lane.close();
});

Deno.test("look() passes on what was stored, without a turn of the event loop", async () => {
  await using laned = await Laned.open();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const { settled } = laned.put({ topic: "t", partition: 0, value });
  while (laned.passedOn === 0) {
    Atomics.wait(pause, 0, 0, 1);
    laned.lane.look();
  }
  assert.equal(laned.lane.busy, false);
  assert.deepEqual(await settled, [{ topic: "t", partition: 0, offset: 0 }]);
  // Who waits to be told still is.
  assert.deepEqual(await laned.put({ topic: "t", partition: 0, value }).settled, [
    { topic: "t", partition: 0, offset: 1 },
  ]);
});
