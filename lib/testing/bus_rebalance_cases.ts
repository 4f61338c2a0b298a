import assert from "node:assert/strict";
import { type BusRecord, FencedError, type OutgoingRecord, type Subscription } from "../bus/contract.ts";
import { type BusBench, type BusCase, bytes, texts, uniqueName } from "./bus_case.ts";

const PARTITIONS = 6;
const KEYS = 24;
const RECORDS = 480;
/** Records of one send. */
const AT_ONCE = 12;

/** What holds of groups whose members come and go. */
export const REBALANCE_CASES: readonly BusCase[] = [
  {
    name: "members come and go while records are sent: every record's output is there once, in order per key",
    async run(bench) {
      const [input, output] = [
        await bench.topic({ partitions: PARTITIONS }),
        await bench.topic({ partitions: PARTITIONS }),
      ];
      const group = uniqueName("group");
      const copied = { records: 0 };
      await using first = await copier(bench, { group, input, output, copied });
      const joined = Promise.withResolvers<void>();
      const sending = send(bench, input, joined.promise);
      // Told where it is awaited.
      sending.catch(() => undefined);
      await bench.eventually("a quarter is copied", () => Promise.resolve(copied.records > RECORDS / 4));
      await using second = await copier(bench, { group, input, output, copied });
      await bench.eventually("the second has partitions", () => Promise.resolve(second.partitions > 0));
      joined.resolve();
      await bench.eventually("the second has a share", () => Promise.resolve(second.records > 0));
      await sending;
      await first[Symbol.asyncDispose]();
      await using third = await copier(bench, { group, input, output, copied });
      await bench.eventually(
        "the group is at the end",
        async () => (await bench.driver.lag(group, [input])).every(({ lag }) => lag === 0),
      );
      await third[Symbol.asyncDispose]();
      await using reader = await bench.open({ group: null, topics: [output] });
      const outputs = await bench.receive(reader, RECORDS);
      assert.equal(
        await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 50 }),
        null,
        "something is doubled",
      );
      assert.deepEqual(byKey(outputs), byKey(records("")));
    },
  },
  {
    name: "commit() of a partition that went to another member rejects with a FencedError and stores nothing",
    async run(bench) {
      const [input, output] = [await bench.topic({ partitions: 2 }), await bench.topic()];
      const group = uniqueName("group");
      await bench.driver.send([0, 1].map((partition) => ({ topic: input, partition, value: bytes("x") })));
      await using first = await bench.open({ group, topics: [input] });
      const records = await bench.receive(first, 2);
      await using second = await bench.open({ group, topics: [input] });
      await bench.arrived([first, second], 2);
      const kept = first.assigned()[0]?.partition;
      for (const through of records) {
        const outputs = [{ topic: output, partition: 0, value: bytes(`${through.partition}`) }];
        const committing = first.commit({ through, outputs });
        if (through.partition === kept) await committing;
        else await assert.rejects(committing, FencedError);
      }
      const lost = records.find(({ partition }) => partition !== kept) ?? assert.fail();
      await assert.rejects(first.commit({ through: lost }), FencedError, "without outputs, too");
      await bench.committed(group, input, [0, 1].map((partition) => partition === kept ? 1 : null));
      const [again] = await bench.receive(second, 1);
      assert.equal(again?.partition, lost.partition, "the other has it");
      await second.commit({
        through: again ?? assert.fail(),
        outputs: [{ topic: output, partition: 0, value: bytes("other") }],
      });
      await using reader = await bench.open({ group: null, topics: [output] });
      assert.deepEqual(texts(await bench.receive(reader, 2)), [`${kept}`, "other"]);
    },
  },
  {
    name:
      "what a member had received of a partition that left it and came back is fenced until received again",
    async run(bench) {
      const topic = await bench.topic();
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a"]);
      const first = await bench.open({ group, topics: [topic] });
      const [record] = await bench.receive(first, 1);
      await first[Symbol.asyncDispose]();
      await using second = await bench.open({ group, topics: [topic] });
      await assert.rejects(first.commit({ through: record ?? assert.fail() }));
      const [again] = await bench.receive(second, 1);
      await second.commit({ through: again ?? assert.fail() });
      assert.equal((await bench.driver.lag(group, [topic]))[0]?.committed, 1);
    },
  },
];

interface Copying {
  group: string;
  input: string;
  output: string;
  copied: { records: number };
}

/** A member that copies what it gets, until it is disposed of in the middle of its work. */
async function copier(bench: BusBench, { group, input, output, copied }: Copying) {
  const member = await bench.open({ group, topics: [input] });
  const own = { records: 0 };
  let closing: PromiseLike<void> | undefined;
  const work = async () => {
    while (!closing) {
      const batch = await member.receive({ max: 7, maxBytes: 1_000_000, waitMs: 20 });
      const through = batch?.records.at(-1);
      if (!batch || !through) continue;
      const outputs = batch.records.map(({ key, value }): OutgoingRecord => ({ topic: output, key, value }));
      if (!await committed(bench, member, through, outputs, () => closing !== undefined)) continue;
      copied.records += outputs.length;
      own.records += outputs.length;
    }
  };
  const working = work();
  // Told where it is awaited.
  working.catch(() => undefined);
  return {
    get records() {
      return own.records;
    },
    get partitions() {
      return member.assigned().length;
    },
    async [Symbol.asyncDispose]() {
      closing ??= member[Symbol.asyncDispose]();
      await closing;
      await working;
    },
  };
}

/** Whether it is stored; what another member has is left to it, and what may be stored is tried again. */
async function committed(
  bench: BusBench,
  member: Subscription,
  through: BusRecord,
  outputs: readonly OutgoingRecord[],
  isClosing: () => boolean,
): Promise<boolean> {
  for (;;) {
    try {
      await member.commit({ through, outputs });
      return true;
    } catch (error) {
      if (error instanceof FencedError || isClosing()) return false;
      if (!bench.driver.isRetryable(error)) throw error;
    }
  }
}

/** Sends without a pause, in order; the last half waits for the second member, which has something to do then. */
async function send(bench: BusBench, topic: string, joined: Promise<void>): Promise<void> {
  const all = records(topic);
  for (let at = 0; at < all.length; at += AT_ONCE) {
    if (at === all.length / 2) await joined;
    await bench.driver.send(all.slice(at, at + AT_ONCE));
  }
}

function records(topic: string) {
  return Array.from({ length: RECORDS }, (_, i) => ({
    topic,
    key: bytes(`key ${i % KEYS}`),
    value: bytes(`${i}`),
  }));
}

function byKey(records: readonly Pick<BusRecord, "key" | "value">[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);
  for (const { key, value } of records) {
    found.set(text(key), [...found.get(text(key)) ?? [], text(value)]);
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1);
}
