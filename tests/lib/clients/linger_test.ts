import assert from "node:assert/strict";
import fc from "fast-check";
import type { OutgoingRecord, Position } from "../../../lib/bus/contract.ts";
import { SendError } from "../../../lib/bus/send_error.ts";
import { BufferFullError } from "../../../lib/clients/buffer_full_error.ts";
import { Linger, type LingerItem, type LingerOptions } from "../../../lib/clients/linger.ts";

/** A record whose number is its value's length, so that nothing is copied about. */
class Item implements LingerItem {
  state: LingerItem["state"] = "line";
  admissions = 0;
  readonly positions: Position[] = [];
  readonly errors: unknown[] = [];
  readonly record: OutgoingRecord;

  constructor(readonly number: number, readonly bytes: number, topic: string, partition?: number) {
    this.record = { topic, partition, value: null, timestamp: number };
  }

  admitted(): void {
    this.admissions++;
  }

  stored(position: Position): void {
    this.positions.push(position);
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }
}

/** One call of `send`, answered by the test. */
interface Call {
  readonly topic: string;
  readonly records: readonly OutgoingRecord[];
  answer(outcome: "stored" | "failed" | "partly"): void;
}

/** An accumulator over a bus that answers when it is told to; offsets are given when a call comes. */
class Scene {
  readonly linger: Linger;
  readonly calls: Call[] = [];
  readonly next = new Map<string, number>();

  constructor(options: Partial<LingerOptions> = {}) {
    this.linger = new Linger({
      lingerMs: 0,
      batchBytes: 1_000,
      batchRecords: 10,
      bufferBytes: 4_000,
      ...options,
      send: (topic, records) => this.#send(topic, records),
    });
  }

  answerAll(outcome: "stored" | "failed" | "partly" = "stored"): void {
    for (const call of this.calls.splice(0)) call.answer(outcome);
  }

  #send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly Position[]> {
    const positions = records.map(({ partition = 0 }): Position => {
      const offset = this.next.get(`${topic}/${partition}`) ?? 0;
      this.next.set(`${topic}/${partition}`, offset + 1);
      return { topic, partition, offset };
    });
    const { promise, resolve, reject } = Promise.withResolvers<readonly Position[]>();
    this.calls.push({
      topic,
      records,
      answer(outcome) {
        if (outcome === "stored") resolve(positions);
        else if (outcome === "failed") reject(new Error("no"));
        else {reject(
            new SendError(
              "some",
              positions.map((each, i) => i % 2 === 0 ? each : undefined),
              [new Error("odd")],
            ),
          );}
      },
    });
    return promise;
  }
}

/** Lets everything that is due now happen. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        topic: fc.nat(1),
        bytes: fc.integer({ min: 1, max: 700 }),
        partition: fc.option(fc.nat(2), { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("answer" as const),
        which: fc.nat(5),
        how: fc.constantFrom("stored" as const, "failed" as const, "partly" as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("withdraw" as const), which: fc.nat(100) }) },
  ),
  { maxLength: 120, size: "max" },
);

Deno.test("Linger settles every record once, keeps the order of each topic, and stays within its bounds", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const scene = new Scene();
      const { linger } = scene;
      const items: Item[] = [];
      const sent: OutgoingRecord[] = [];
      const refused = new Set<Item>();
      const withdrawn = new Set<Item>();
      const seen = new Set<Call>();
      const look = () => {
        for (const call of scene.calls) {
          if (seen.has(call)) continue;
          seen.add(call);
          sent.push(...call.records);
          assert.ok(call.records.length <= 10, "a batch holds as many records as it may");
        }
        // A record larger than the buffer is let in alone.
        assert.ok(linger.bufferedBytes <= 4_000 && linger.linedBytes <= 4_000, "memory is bounded");
      };
      for (const step of list) {
        if (step.do === "add") {
          const item = new Item(items.length, step.bytes, `topic-${step.topic}`, step.partition);
          items.push(item);
          try {
            linger.add(item);
          } catch (error) {
            assert.ok(error instanceof BufferFullError);
            refused.add(item);
          }
        } else if (step.do === "turn") await turn();
        else if (step.do === "withdraw") {
          const item = items[step.which];
          if (item !== undefined && !refused.has(item) && linger.withdraw(item)) withdrawn.add(item);
        } else {
          look();
          const [call] = scene.calls.splice(step.which % Math.max(1, scene.calls.length), 1);
          call?.answer(step.how);
          await turn();
        }
        look();
      }
      const flushed = linger.flush();
      for (let i = 0; linger.records > 0 && i < 1_000; i++) {
        await turn();
        look();
        scene.answerAll();
      }
      await flushed;
      assert.equal(linger.bufferedBytes, 0);
      assert.equal(linger.linedBytes, 0);
      for (const item of items) {
        const outcomes = item.positions.length + item.errors.length;
        const expected = refused.has(item) || withdrawn.has(item) ? 0 : 1;
        assert.equal(outcomes, expected, `record ${item.number} is settled once`);
        if (expected === 1) assert.equal(item.admissions, 1, `record ${item.number} was admitted once`);
      }
      for (const topic of ["topic-0", "topic-1"]) {
        const numbers = sent.filter((record) => record.topic === topic).map(({ timestamp }) => timestamp);
        assert.deepEqual(numbers, numbers.toSorted((a = 0, b = 0) => a - b), "in the order they were added");
        const taken = items.filter((item) =>
          item.record.topic === topic && !refused.has(item) && !withdrawn.has(item)
        );
        assert.deepEqual(numbers, taken.map(({ number }) => number), "nothing is lost, nothing sent twice");
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Linger sends a first record at once, and gathers while batches are under way", async () => {
  const scene = new Scene({ lingerMs: 60_000 });
  for (let i = 0; i < 3; i++) {
    scene.linger.add(new Item(i, 1, "t"));
    await turn();
    assert.equal(scene.calls.length, i + 1);
  }
  for (let i = 3; i < 7; i++) scene.linger.add(new Item(i, 1, "t"));
  await turn();
  assert.equal(scene.calls.length, 3);
  scene.calls[0]?.answer("stored");
  await turn();
  assert.equal(scene.calls.length, 4, "one is done: what was gathered meanwhile follows");
  assert.equal(scene.calls[3]?.records.length, 4);
  scene.answerAll();
  await scene.linger.flush();
});

Deno.test("Linger waits lingerMs at most", async () => {
  const scene = new Scene({ lingerMs: 1 });
  for (let i = 0; i < 4; i++) {
    scene.linger.add(new Item(i, 1, "t"));
    await turn();
  }
  while (scene.calls.length < 4) await turn();
  scene.answerAll();
  await scene.linger.flush();
});

Deno.test("Linger keeps a partition that may not exist from failing the others", async () => {
  const scene = new Scene();
  const items = [0, 9, 1, 0].map((partition, i) => new Item(i, 1, "t", partition));
  for (const item of items) scene.linger.add(item);
  scene.linger.add(new Item(4, 1, "t"));
  await turn();
  assert.deepEqual(
    scene.calls.map(({ records }) => records.map(({ partition }) => partition)),
    [[0], [9], [1], [0], [undefined]],
  );
  for (const call of scene.calls.splice(0)) {
    call.answer(call.records[0]?.partition === 9 ? "failed" : "stored");
  }
  await turn();
  // 1 has taken a record, so there are 0 and 1.
  for (let i = 0; i < 4; i++) scene.linger.add(new Item(5 + i, 1, "t", i % 2));
  await turn();
  assert.deepEqual(scene.calls.map(({ records }) => records.length), [4]);
  scene.answerAll();
  await scene.linger.flush();
});

Deno.test("Linger lets records wait for room, in order, then refuses", async () => {
  const scene = new Scene({ bufferBytes: 100, batchBytes: 100 });
  const items = Array.from({ length: 5 }, (_, i) => new Item(i, 50, "t"));
  for (const item of items.slice(0, 4)) scene.linger.add(item);
  assert.deepEqual(items.map(({ admissions }) => admissions), [1, 1, 0, 0, 0]);
  assert.throws(() => scene.linger.add(items[4]!), BufferFullError);
  await turn();
  scene.answerAll();
  await turn();
  assert.deepEqual(items.map(({ admissions }) => admissions), [1, 1, 1, 1, 0]);
  scene.answerAll();
  await scene.linger.flush();
});

Deno.test("Linger.flush() waits for what was added before it alone", async () => {
  const scene = new Scene({ lingerMs: 60_000 });
  scene.linger.add(new Item(0, 1, "t"));
  const flushed = scene.linger.flush();
  await turn();
  scene.linger.add(new Item(1, 1, "t"));
  await turn();
  scene.calls.shift()?.answer("failed");
  await flushed;
  assert.equal(scene.linger.records, 1);
  scene.answerAll();
  await scene.linger.flush();
});

Deno.test("Linger.abandon() fails what is waiting and what is under way, once", async () => {
  const scene = new Scene({ bufferBytes: 2, batchRecords: 1 });
  const items = Array.from({ length: 4 }, (_, i) => new Item(i, 1, "t"));
  for (const item of items) scene.linger.add(item);
  const flushed = scene.linger.flush();
  const error = new Error("over");
  scene.linger.abandon(error);
  await flushed;
  scene.answerAll();
  await turn();
  assert.deepEqual(items.map(({ errors, positions }) => [errors, positions]), items.map(() => [[error], []]));
});
