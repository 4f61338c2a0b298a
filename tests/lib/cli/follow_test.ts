import assert from "node:assert/strict";
import type { Position } from "../../../lib/bus/contract.ts";
import { follow, type FollowOptions } from "../../../lib/cli/follow.ts";
import { fakeBus, fakeRecord } from "./fake_bus.ts";

const base = (): FollowOptions => ({
  topic: "t",
  fromBeginning: true,
  follow: false,
  patienceMs: 1,
  signal: new AbortController().signal,
});

const places = (records: readonly Position[]) => records.map((at) => `${at.partition}/${at.offset}`);

Deno.test("follow() without following stops at what was the end of every partition", async () => {
  const { bus } = fakeBus({
    partitions: [{ startOffset: 0, endOffset: 2 }, { startOffset: 5, endOffset: 5 }, {
      startOffset: 3,
      endOffset: 4,
    }],
    batches: [
      [fakeRecord(0, 0), fakeRecord(0, 1), fakeRecord(0, 2)],
      [fakeRecord(2, 3)],
      [fakeRecord(0, 3)],
    ],
  });
  assert.deepEqual(places((await Array.fromAsync(follow(bus, base()))).flat()), ["0/0", "0/1", "2/3"]);
});

Deno.test("follow() without following stops when nothing comes any more, as where the last offsets hold no record", async () => {
  const { bus } = fakeBus({
    partitions: [{ startOffset: 0, endOffset: 9 }],
    batches: [[fakeRecord(0, 0)], null],
  });
  assert.deepEqual(places((await Array.fromAsync(follow(bus, base()))).flat()), ["0/0"]);
});

Deno.test("follow() without following waits for what a slow bus has not given yet", async () => {
  const { bus } = fakeBus({
    name: "kafka",
    partitions: [{ startOffset: 0, endOffset: 2 }],
    batches: [null, [fakeRecord(0, 0)], null, null, [fakeRecord(0, 1)]],
    positions: () => [0],
  });
  const options = { ...base(), patienceMs: 60_000 };
  assert.deepEqual(places((await Array.fromAsync(follow(bus, options))).flat()), ["0/0", "0/1"]);
});

Deno.test("follow() without following stops behind records that nobody is given, however patient", async () => {
  for (const name of ["local", "kafka"] as const) {
    const { bus } = fakeBus({
      name,
      partitions: [{ startOffset: 0, endOffset: 2 }],
      batches: [[fakeRecord(0, 0)], null],
      positions: () => [2],
    });
    const options = { ...base(), patienceMs: 60_000 };
    assert.deepEqual(places((await Array.fromAsync(follow(bus, options))).flat()), ["0/0"]);
  }
});

Deno.test("follow() says what Kafka does not give; in a group it may be another member's", async () => {
  const slow = (group?: string) => {
    const { bus } = fakeBus({
      name: "kafka",
      partitions: [{ startOffset: 0, endOffset: 2 }],
      batches: [[fakeRecord(0, 0)]],
      positions: () => group === undefined ? [1] : [],
    });
    return Array.fromAsync(follow(bus, { ...base(), group }));
  };
  await assert.rejects(
    slow(),
    /Cannot read all of t: for 0\.001 s nothing came of partition 0 up to 2; see whether its brokers are up/,
  );
  assert.deepEqual(places((await slow("g")).flat()), ["0/0"]);
});

Deno.test("follow() opens nothing where there is nothing to read", async () => {
  const { bus, opened } = fakeBus({ partitions: [{ startOffset: 4, endOffset: 4 }], batches: [] });
  assert.deepEqual(await Array.fromAsync(follow(bus, base())), []);
  assert.deepEqual(opened, []);
});

Deno.test("follow() goes on over quiet times until max records with the key have come", async () => {
  const key = (text: string) => ({ key: new TextEncoder().encode(text) });
  const { bus, opened } = fakeBus({
    partitions: [{ startOffset: 0, endOffset: 0 }],
    batches: [null, [fakeRecord(0, 0, key("b")), fakeRecord(0, 1, key("a"))], null, [
      fakeRecord(0, 2, key("a")),
    ], [
      fakeRecord(0, 3, key("a")),
    ]],
  });
  const records = await Array.fromAsync(
    follow(bus, { ...base(), fromBeginning: false, follow: true, key: "a", max: 2 }),
  );
  assert.deepEqual(places(records.flat()), ["0/1", "0/2"]);
  assert.deepEqual(opened, [{ group: null, from: "latest" }]);
});

Deno.test("follow() commits for its group through the last record given out", async () => {
  const { bus, committed } = fakeBus({
    partitions: [{ startOffset: 0, endOffset: 3 }],
    batches: [[fakeRecord(0, 0), fakeRecord(0, 1), fakeRecord(0, 2)]],
  });
  await Array.fromAsync(follow(bus, { ...base(), group: "g", max: 2 }));
  assert.deepEqual(places(committed), ["0/1"]);
});

Deno.test("follow() names the topics there are where it finds none", async () => {
  const { bus } = fakeBus({ partitions: [], batches: [] });
  await assert.rejects(Array.fromAsync(follow(bus, { ...base(), topic: "x" })), /topic "x".*it has t/);
});

Deno.test("follow() ends when its signal aborts", async () => {
  const stop = new AbortController();
  const { bus } = fakeBus({ partitions: [{ startOffset: 0, endOffset: 0 }], batches: [[fakeRecord(0, 0)]] });
  const seen: string[] = [];
  for await (const lot of follow(bus, { ...base(), follow: true, signal: stop.signal })) {
    seen.push(...places(lot));
    stop.abort();
  }
  assert.deepEqual(seen, ["0/0"]);
});
