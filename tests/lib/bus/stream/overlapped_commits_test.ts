import assert from "node:assert/strict";
import { FencedError } from "../../../../lib/bus/contract.ts";
import { OverlappedCommits } from "../../../../lib/bus/stream/overlapped_commits.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

const at = (offset: number, partition = 0) => ({ topic: "in", partition, offset });
const turn = () => new Promise((resolve) => setImmediate(resolve));
const place = { topic: "in", partition: 0 };

async function setUp() {
  const bus = new MemoryBus();
  bus.partitions.set("in", 2);
  const failing: unknown[] = [];
  const quit = new AbortController();
  const commits = new OverlappedCommits({
    inner: await bus.open({ group: "g", topics: ["in"], from: "earliest" }),
    send: (outputs) => bus.send(outputs),
    isRetryable: (error) => bus.isRetryable(error),
    clock: instantClock(),
    random: () => 0.5,
    onFailing: (_place, error) => void failing.push(error),
    onRecovered: () => void failing.push("recovered"),
    signal: quit.signal,
  });
  const held: (() => void)[] = [];
  const hold = () => {
    bus.beforeCommit = async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held.push(resolve);
      await promise;
    };
  };
  const offsets = () => bus.commits.map(({ through }) => through.offset);
  return { bus, commits, failing, quit, held, hold, offsets };
}

Deno.test("commit() resolves when the outputs are acknowledged; the offset is committed meanwhile", async () => {
  const { bus, commits, held, hold, offsets } = await setUp();
  hold();
  await commits.commit({ through: at(0), outputs: [{ topic: "out", value: new Uint8Array([1]) }] });
  assert.equal(bus.values("out").length, 1);
  assert.deepEqual(offsets(), [0]);
  assert.equal(bus.committed.get("g/in"), undefined);
  assert.equal(commits.acknowledged(place), undefined);
  held[0]?.();
  await commits[Symbol.asyncDispose]();
  assert.equal(bus.committed.get("g/in"), 1);
  assert.equal(commits.acknowledged(place), 1);
});

Deno.test("one commit of a partition is under way at a time, and the newest offset is the next", async () => {
  const { commits, held, hold, offsets } = await setUp();
  hold();
  for (let offset = 0; offset < 5; offset++) await commits.commit({ through: at(offset) });
  await commits.commit({ through: at(7, 1) });
  assert.deepEqual(offsets(), [0, 7]);
  held[0]?.();
  await turn();
  assert.deepEqual(offsets(), [0, 7, 4]);
  for (const go of held) go();
  await commits[Symbol.asyncDispose]();
  assert.deepEqual(offsets(), [0, 7, 4]);
});

Deno.test("outputs that can't be sent move no offset", async () => {
  const { bus, commits, offsets } = await setUp();
  bus.faults.send.push(new Error("away"));
  await assert.rejects(commits.commit({ through: at(0), outputs: [{ topic: "out", value: null }] }), /away/);
  await commits[Symbol.asyncDispose]();
  assert.deepEqual(offsets(), []);
});

Deno.test("while the bus refuses an offset it is tried again, and the work runs no further ahead", async () => {
  const { bus, commits, failing } = await setUp();
  const away = new Error("away");
  bus.retryable.add(away);
  bus.faults.commit.push(away, away, away);
  await commits.commit({ through: at(0) });
  await turn();
  await commits.commit({ through: at(1) });
  assert.equal(bus.committed.get("g/in"), 1, "the second waited for the first");
  await commits[Symbol.asyncDispose]();
  assert.equal(bus.committed.get("g/in"), 2);
  assert.deepEqual(failing, [away, away, away, "recovered"]);
});

Deno.test("a partition that went to another member says so at the next commit", async () => {
  const { bus, commits } = await setUp();
  await bus.revoke("in", 0);
  await commits.commit({ through: at(0) });
  await turn();
  await assert.rejects(commits.commit({ through: at(1) }), FencedError);
  await commits.ended(place);
});

Deno.test("a partition that goes to another member while its offset is refused is no trouble any more", async () => {
  const { bus, commits, failing } = await setUp();
  const away = new Error("away");
  bus.retryable.add(away);
  bus.faults.commit.push(away, new FencedError("taken over"));
  await commits.commit({ through: at(0) });
  await commits.ended(place);
  assert.deepEqual(failing, [away, "recovered"]);
});

Deno.test("a partition is let go only when its last offset is committed, and begins anew then", async () => {
  const { bus, commits, held, hold } = await setUp();
  hold();
  await commits.commit({ through: at(3) });
  let gone = false;
  const ended = commits.ended(place).then(() => gone = true);
  await turn();
  assert.equal(gone, false, "the commit under way is waited for");
  held[0]?.();
  await ended;
  assert.equal(bus.committed.get("g/in"), 4);
  assert.equal(commits.acknowledged(place), undefined, "who comes back asks the group");
  await commits.ended({ topic: "in", partition: 1 });
});

Deno.test("when the stream quits, an offset that is refused is given up", async () => {
  const { bus, commits, quit } = await setUp();
  const away = new Error("away");
  bus.retryable.add(away);
  bus.beforeCommit = () => {
    throw away;
  };
  await commits.commit({ through: at(0) });
  quit.abort();
  await commits[Symbol.asyncDispose]();
  assert.equal(bus.committed.get("g/in"), undefined);
});
