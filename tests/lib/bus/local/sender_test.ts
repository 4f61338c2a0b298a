import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { type LocalBus, openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { holdWriteLock } from "../../../../lib/testing/store_faults.ts";
import { WriteTurns } from "../../../../lib/store/write_turns.ts";
import type { Logger } from "../../../../lib/telemetry/logger.ts";
import { TempStore } from "../../store/temp_store.ts";

const value = new Uint8Array([1]);
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** The next turn of the event loop. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Keeps this thread from its work, so that another has time for its own. */
const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);

/** A log with a topic `t` of two partitions and a thread for appends that has begun to take sends. */
class LanedLog implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  /** Works the store was given; the thread's are none. */
  works = 0;
  /** What those wait for before they begin. */
  gate: Promise<void> | undefined;

  private constructor(readonly log: LocalBus) {}

  static async open(options: { turns?: SharedArrayBuffer; log?: Logger } = {}): Promise<LanedLog> {
    const temp = new TempStore();
    const store = await temp.open();
    const { turns = new WriteTurns("first").memory, log } = options;
    const lane = { storeFile: store.file, powerSafe: false, turns, log };
    const laned = new LanedLog(await openLocalLog(store, { lane }));
    laned.#stack.use(temp);
    laned.#stack.use(laned.log);
    await laned.log.topics.apply([{ name: "t", partitions: 2 }]);
    const write = store.write.bind(store);
    store.write = (work, options) => {
      laned.works++;
      return laned.gate ? laned.gate.then(() => write(work, options)) : write(work, options);
    };
    return laned;
  }

  /** Sends one record. */
  async send(topic = "t", partition = 0): Promise<number> {
    return (await this.log.send([{ topic, partition, value }]))[0]?.offset ?? -1;
  }

  /** Where partition 0 ends. */
  async end(): Promise<number> {
    const [description] = await this.log.topics.describe(["t"]);
    return description?.partitions[0]?.endOffset ?? -1;
  }

  /** Resolves once sends go by the thread. */
  async byThread(): Promise<void> {
    for (let before = -1; before !== this.works;) {
      before = this.works;
      await Promise.all([this.send(), this.send(), this.send(), this.send()]);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

Deno.test("sends that meet in one commit get positions of their own, in their order", async () => {
  await using temp = new TempStore();
  await using log = await openLocalLog(await temp.open());
  await log.topics.apply([{ name: "t", partitions: 2 }]);
  const sends = [0, 1, 0, 1, 0].map((partition) =>
    log.send([{ topic: "t", partition, value }, { topic: "t", partition, value }])
  );
  const offsets = (await Promise.all(sends)).map((positions) => positions.map(({ offset }) => offset));
  assert.deepEqual(offsets, [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5]]);
});

Deno.test("a send to a topic that does not exist fails alone", async () => {
  await using temp = new TempStore();
  await using log = await openLocalLog(await temp.open());
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const results = await Promise.allSettled(
    ["t", "missing", "t"].map((topic) => log.send([{ topic, value }])),
  );
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const [description] = await log.topics.describe(["t"]);
  assert.equal(description?.partitions[0]?.endOffset, 2);
});

Deno.test("a send that is aborted while the lock is held stores nothing, the others are stored", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await using log = await openLocalLog(store);
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const lock = holdWriteLock(store.file);
  const abort = new AbortController();
  const stays = log.send([{ topic: "t", value }]);
  const leaves = log.send([{ topic: "t", value }], { signal: abort.signal });
  abort.abort(new Error("left"));
  await assert.rejects(leaves, /left/);
  lock[Symbol.dispose]();
  assert.equal((await stays)[0]?.offset, 0);
  const [description] = await log.topics.describe(["t"]);
  assert.equal(description?.partitions[0]?.endOffset, 1);
});

Deno.test("with a thread for appends sends keep their order, and fail alone, as without", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  const lane = { storeFile: store.file, powerSafe: false, turns: new WriteTurns("first").memory };
  await using log = await openLocalLog(store, { lane });
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const appended = Promise.withResolvers<void>();
  log.onAppend((topics) => topics.has("t") && appended.resolve());
  // The first rounds start the thread; the others go by it or, after a failure, without.
  for (let round = 0; round < 30; round++) {
    const sends = Array.from(
      { length: 10 },
      (_, at) =>
        log.send([{ topic: at === 5 && round % 10 === 9 ? "missing" : "t", value: new Uint8Array([at]) }]),
    );
    const results = await Promise.allSettled(sends);
    const failed = results.flatMap(({ status }, at) => status === "rejected" ? [at] : []);
    assert.deepEqual(failed, round % 10 === 9 ? [5] : []);
    const offsets = results.flatMap((one) => one.status === "fulfilled" ? [one.value[0]!.offset] : []);
    assert.deepEqual(offsets, offsets.map((_, at) => offsets[0]! + at));
  }
  await appended.promise;
  const [description] = await log.topics.describe(["t"]);
  assert.equal(description?.partitions[0]?.endOffset, 297);
});

Deno.test("what fails in the thread for appends is not overtaken by what came later", async () => {
  await using laned = await LanedLog.open();
  for (let round = 0; round < 5; round++) {
    await laned.byThread();
    const missing = assert.rejects(laned.send("missing"), /does not exist/);
    const sends = [laned.send(), laned.send()];
    // The thread hands them back meanwhile, and this one has not heard of it when it sends more.
    await turn();
    await turn();
    nap();
    sends.push(laned.send(), laned.send());
    const offsets = await Promise.all(sends);
    await missing;
    assert.deepEqual(offsets, offsets.map((_, at) => offsets[0]! + at));
  }
});

Deno.test("while what failed is tried again apart, nothing goes by the thread for appends", async () => {
  await using laned = await LanedLog.open();
  await laned.byThread();
  const before = laned.works;
  const missing = assert.rejects(laned.send("missing"), /does not exist/);
  const sends = [laned.send(), laned.send()];
  // Together, then each of the three alone.
  while (laned.works === before) await turn();
  const opened = Promise.withResolvers<void>();
  laned.gate = opened.promise;
  while (laned.works < before + 4) await turn();
  sends.push(laned.send());
  await turn();
  await turn();
  nap();
  opened.resolve();
  const offsets = await Promise.all(sends);
  await missing;
  assert.deepEqual(offsets, offsets.map((_, at) => offsets[0]! + at));
});

Deno.test("a send that is too large for the thread for appends waits until that one is done", async () => {
  await using laned = await LanedLog.open();
  await laned.byThread();
  const large = { topic: "t", partition: 0, value: new Uint8Array(5 * 1024 * 1024) };
  const [first, [second], third] = await Promise.all([laned.send(), laned.log.send([large]), laned.send()]);
  assert.deepEqual([second?.offset, third], [first + 1, first + 2]);
});

Deno.test("a send that is aborted on its way to the thread for appends is not stored", async () => {
  await using laned = await LanedLog.open();
  await laned.byThread();
  const before = await laned.end();
  const lock = holdWriteLock(laned.log.store.file);
  const abort = new AbortController();
  const leaves = laned.log.send([{ topic: "t", partition: 0, value }], { signal: abort.signal });
  const stays = laned.send();
  await turn();
  abort.abort(new Error("left"));
  await assert.rejects(leaves, /left/);
  lock[Symbol.dispose]();
  assert.equal(await stays, before);
  assert.equal(await laned.send(), before + 1);
  assert.equal(await laned.end(), before + 2);
});

Deno.test("readers are woken by what the thread for appends has stored", async () => {
  await using laned = await LanedLog.open();
  await laned.byThread();
  const told: string[] = [];
  laned.log.onAppend((topics) => told.push(...topics));
  const before = laned.works;
  await Promise.all([laned.send(), laned.send()]);
  assert.equal(laned.works, before);
  assert.ok(told.includes("t"));
});

Deno.test("with the thread for appends, too, what is no bytes is refused", async () => {
  await using laned = await LanedLog.open();
  await laned.byThread();
  const before = await laned.end();
  const text: Uint8Array = JSON.parse('"text"');
  await assert.rejects(laned.log.send([{ topic: "t", partition: 0, value: text }]), TypeError);
  await assert.rejects(laned.log.send([{ topic: "t", partition: 0, key: text, value }]), TypeError);
  assert.equal(await laned.end(), before);
});

Deno.test("what fails with others keeps its place before what came later", async () => {
  await using temp = new TempStore();
  await using log = await openLocalLog(await temp.open());
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  // More than one commit takes.
  const sends = Array.from(
    { length: 600 },
    (_, at) => log.send([{ topic: at === 9 ? "missing" : "t", value }]),
  );
  const results = await Promise.allSettled(sends);
  assert.deepEqual(results.flatMap(({ status }, at) => status === "rejected" ? [at] : []), [9]);
  const offsets = results.flatMap((one) => one.status === "fulfilled" ? [one.value[0]!.offset] : []);
  assert.deepEqual(offsets, offsets.map((_, at) => at));
});

Deno.test("close() waits for every send that was taken", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  const log = await openLocalLog(store);
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const sends = Array.from({ length: 600 }, () => log.send([{ topic: "t", value }]));
  const settled = Promise.all(sends);
  await log.close();
  await store.close();
  assert.equal((await settled).length, 600);
});

Deno.test("sends of a thread that dies are sent without it, in their order, and it is said", async () => {
  const said = Promise.withResolvers<void>();
  const log: Logger = { ...silent, warn: () => said.resolve() };
  // It dies at its first commit: this memory has no place for the turns.
  await using laned = await LanedLog.open({ turns: new SharedArrayBuffer(4), log });
  const offsets: number[] = [];
  let dead = false;
  void said.promise.then(() => dead = true);
  while (!dead) offsets.push(...await Promise.all([laned.send(), laned.send(), laned.send(), laned.send()]));
  offsets.push(await laned.send());
  assert.deepEqual(offsets, offsets.map((_, at) => at));
});

Deno.test("with the thread for appends, too, a partition that is none is refused", async () => {
  await using laned = await LanedLog.open();
  for (const partition of [-1, 0.5, NaN, 2 ** 32]) {
    await laned.byThread();
    const before = await laned.send("t", 0);
    await assert.rejects(laned.send("t", partition), /it has no partition/);
    assert.equal(await laned.send("t", 0), before + 1);
  }
});

Deno.test("sends that come one by one again are committed without the thread for appends", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  const lane = { storeFile: store.file, powerSafe: false, turns: new WriteTurns("first").memory };
  let commits = 0;
  const write = store.write.bind(store);
  store.write = (work, options) => {
    commits++;
    return write(work, options);
  };
  await using log = await openLocalLog(store, { lane });
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const offsets: number[] = [];
  // Until the thread takes a round of sends: the store has no work then.
  for (let by = "store"; by === "store";) {
    const before = commits;
    const sent = await Promise.all(Array.from({ length: 5 }, () => log.send([{ topic: "t", value }])));
    offsets.push(...sent.map(([position]) => position?.offset ?? -1));
    if (commits === before) by = "thread";
  }
  const before = commits;
  for (let lone = 0; lone < 40; lone++) {
    offsets.push((await log.send([{ topic: "t", value }]))[0]?.offset ?? -1);
  }
  assert.ok(commits - before > 20 && commits - before < 40, `${commits - before} of 40`);
  assert.deepEqual(offsets, offsets.map((_, at) => at));
});
