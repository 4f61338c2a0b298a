import assert from "node:assert/strict";
import type { StreamOptions } from "../bus/handler.ts";
import { bytes, texts } from "./bus_case.ts";
import { type StreamBench, type StreamCase, valuesOf } from "./stream_case.ts";

const TIME = 1_700_000_000_000;
const PARTITIONS = 4;
const RECORDS = 400;

/** What holds of what handlers give: outputs, rows, and how they are delivered. */
export const OUTPUT_CASES: readonly StreamCase[] = [
  {
    name:
      "a handler gives nothing, raw values for outputTopic, or requests with key, headers, partition and time",
    async run(bench) {
      const [topic, raw, requests] = [
        await bench.topic(),
        await bench.topic(),
        await bench.topic({ partitions: 3 }),
      ];
      await bench.sendTexts(topic, ["nothing", "raw", "requests"]);
      const options: StreamOptions = { topics: [topic], maxRecords: 1, outputTopic: raw, values: "bytes" };
      const stream = bench.start(options, (batch) => {
        if (valuesOf(batch)[0] === "raw") return [{ n: 1 }, "text", bytes("bytes"), null];
        if (valuesOf(batch)[0] !== "requests") return;
        const headers = [["h", bytes("1")], ["h", bytes("2")]] as const;
        return [
          { topic: requests, value: { n: 2 }, key: "k", headers, partition: 2, timestamp: TIME },
          { topic: requests, value: null, key: bytes("gone"), headers: { id: "é" }, partition: 1 },
        ];
      });
      await bench.done(stream);
      assert.deepEqual(texts(await bench.allOf(raw, 4)), [`{"n":1}`, `"text"`, "bytes", null]);
      const found = (await bench.allOf(requests, 2)).sort((a, b) => a.partition - b.partition);
      assert.deepEqual(
        found.map(({ partition, key, headers }) => ({
          partition,
          key: new TextDecoder().decode(key ?? undefined),
          headers: headers.map(([name, value]) => `${name}=${new TextDecoder().decode(value)}`),
        })),
        [{ partition: 1, key: "gone", headers: ["id=é"] }, {
          partition: 2,
          key: "k",
          headers: ["h=1", "h=2"],
        }],
      );
      assert.deepEqual(texts(found), [null, `{"n":2}`]);
      assert.equal(found[1]?.timestamp, TIME);
    },
  },
  {
    name: "rows, the outputs given, those that write() returns, and the offset are stored together",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "b"]);
      const tries = { writes: 0 };
      const options: StreamOptions = { topics: [topic], maxRecords: 2, lingerMs: 1_000, values: "bytes" };
      const stream = bench.start(options, (batch) => ({
        outputs: [{ topic: output, value: bytes("given") }],
        write: (tx) => {
          for (const value of valuesOf(batch)) tx.run("INSERT INTO suite_rows VALUES (0, ?)", value);
          if (++tries.writes < 3) throw new Error("not yet");
          return [{ topic: output, value: bytes("returned") }];
        },
      }));
      await bench.done(stream);
      assert.deepEqual(bench.rows(), ["a", "b"]);
      assert.deepEqual(texts(await bench.allOf(output, 2)), ["given", "returned"]);
    },
  },
  {
    name:
      "an output that can't be sent fails its batch: neither its rows nor other outputs stay, and it is set aside",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "b"]);
      const options: StreamOptions = {
        topics: [topic],
        maxRecords: 2,
        lingerMs: 1_000,
        attempts: 2,
        values: "bytes",
      };
      const stream = bench.start(options, (batch) => ({
        outputs: valuesOf(batch).flatMap((value) => [
          { topic: output, value: bytes(value) },
          ...(value === "b" ? [{ topic: output, value: () => "no value" } as never] : []),
        ]),
        write: (tx) =>
          valuesOf(batch).forEach((value) => tx.run("INSERT INTO suite_rows VALUES (0, ?)", value)),
      }));
      await bench.done(stream);
      assert.deepEqual(bench.rows(), ["a"]);
      assert.deepEqual(texts(await bench.allOf(output, 1)), ["a"]);
      assert.deepEqual(texts(await bench.allOf(`${topic}.dlq`, 1)), ["b"]);
    },
  },
  ...(["exactly-once", "at-least-once"] as const).map((delivery): StreamCase => ({
    name: `delivery "${delivery}": streams come and go while records are sent, and order per key is kept`,
    run: (bench) => comeAndGo(bench, delivery),
  })),
  {
    name: 'delivery "at-least-once": outputs, rows and offset are all there once it has caught up',
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
      await bench.sendTexts(topic, sent);
      const options: StreamOptions = {
        topics: [topic],
        maxRecords: 4,
        delivery: "at-least-once",
        values: "bytes",
      };
      const stream = bench.start(options, (batch) => ({
        outputs: valuesOf(batch).map((value) => ({ topic: output, value: bytes(value) })),
        write: (tx) =>
          valuesOf(batch).forEach((value) => tx.run("INSERT INTO suite_rows VALUES (0, ?)", value)),
      }));
      await bench.done(stream);
      await stream.stop();
      assert.deepEqual(texts(await bench.allOf(output, 50)), sent);
      assert.deepEqual(bench.rows(), sent);
      await bench.committed(stream.spec.group, topic, [50]);
    },
  },
  {
    name: 'delivery "at-least-once": no offset is committed before its outputs are acknowledged',
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "b"]);
      const sends = bench.holdSends();
      const options: StreamOptions = {
        topics: [topic],
        lingerMs: 50,
        delivery: "at-least-once",
        values: "bytes",
      };
      const stream = bench.start({ ...options, outputTopic: output }, (batch) => valuesOf(batch).map(bytes));
      // A bus that stores outputs with the offset sends none by themselves.
      await bench.eventually(
        "outputs are on their way",
        async () => sends.held > 0 || await stream.lag() === 0,
      );
      if (sends.held > 0) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        assert.equal(await stream.lag(), 2);
      }
      sends.release();
      await bench.done(stream);
      assert.deepEqual(texts(await bench.allOf(output, 2)), ["a", "b"]);
    },
  },
  {
    name: "a stream may read several topics, and two groups each handle everything",
    async run(bench) {
      const topics = [await bench.topic(), await bench.topic()];
      for (const [i, topic] of topics.entries()) await bench.sendTexts(topic, [`${i}a`, `${i}b`]);
      for (let group = 0; group < 2; group++) {
        const seen: string[] = [];
        const stream = bench.start(
          { topics, values: "bytes" },
          (batch) => void seen.push(...valuesOf(batch)),
        );
        await bench.done(stream);
        assert.deepEqual(seen.sort(), ["0a", "0b", "1a", "1b"]);
      }
    },
  },
  {
    name: "caughtUp() waits for what was there when it was called, and rejects when its signal aborts",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a"]);
      const seen: string[] = [];
      const stream = bench.start(
        { topics: [topic], values: "bytes" },
        (batch) => void seen.push(...valuesOf(batch)),
      );
      await bench.done(stream);
      assert.deepEqual(seen, ["a"]);
      stream.pause();
      await bench.sendTexts(topic, ["b"]);
      await assert.rejects(stream.caughtUp(AbortSignal.abort(new Error("enough"))), /enough/);
      assert.equal(await stream.lag(), 1);
      stream.resume();
      await bench.done(stream);
      assert.deepEqual(seen, ["a", "b"]);
    },
  },
];

/** Copies while members join and leave; exactly once there is nothing double, at least once nothing is missing. */
async function comeAndGo(bench: StreamBench, delivery: "exactly-once" | "at-least-once"): Promise<void> {
  const [input, output] = [
    await bench.topic({ partitions: PARTITIONS }),
    await bench.topic({ partitions: PARTITIONS }),
  ];
  const sent = Array.from(
    { length: RECORDS },
    (_, i) => ({ topic: input, key: bytes(`k${i % 16}`), value: bytes(`${i}`) }),
  );
  const options: StreamOptions = { topics: [input], maxRecords: 5, lingerMs: 0, delivery, values: "bytes" };
  const copied = { records: 0 };
  const copy = (group?: string) =>
    bench.start({ ...options, ...(group && { group }) }, (batch) => {
      copied.records += batch.records.length;
      return batch.records.map(({ key, value }) => ({ topic: output, key, value }));
    });
  const first = copy();
  const { group } = first.spec;
  const sending = (async () => {
    for (let at = 0; at < RECORDS; at += 10) {
      await bench.driver.send(sent.slice(at, at + 10));
      // No further ahead than some batches, so that members come and go while there is work.
      await bench.eventually("it is copied", () => Promise.resolve(copied.records > at - 60));
    }
  })();
  await bench.eventually("some are copied", () => Promise.resolve(copied.records > RECORDS / 5));
  const second = copy(group);
  await bench.eventually("more are copied", () => Promise.resolve(copied.records > RECORDS / 2));
  await first.stop();
  const third = copy(group);
  await sending;
  await bench.done(second);
  await second.stop();
  await bench.done(third);
  await third.stop();
  await using reader = await bench.open({ group: null, topics: [output] });
  const outputs = await bench.receive(reader, RECORDS);
  for (let more; (more = await reader.receive({ max: 500, maxBytes: 1_000_000, waitMs: 50 })) !== null;) {
    outputs.push(...more.records);
  }
  const last = new Map<string, number>();
  const seen = new Set<number>();
  for (const { key, value } of outputs) {
    const name = new TextDecoder().decode(key ?? undefined);
    const number = Number(new TextDecoder().decode(value ?? undefined));
    if (seen.has(number)) {
      assert.equal(delivery, "at-least-once", `${number} is there twice`);
      last.set(name, number);
      continue;
    }
    assert.ok(number > (last.get(name) ?? -1), `${name}: ${number} comes after ${last.get(name)}`);
    seen.add(number);
    last.set(name, number);
  }
  assert.equal(seen.size, RECORDS);
}
