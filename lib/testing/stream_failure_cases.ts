import assert from "node:assert/strict";
import type { BusRecord } from "../bus/contract.ts";
import type { StreamOptions } from "../bus/handler.ts";
import { DEAD_LETTER_HEADERS } from "../bus/stream/dead_letters.ts";
import { readJson } from "../json/read_json.ts";
import { bytes, texts, uniqueName } from "./bus_case.ts";
import { type StreamCase, valuesOf } from "./stream_case.ts";

const TIME = 1_700_000_000_000;

/** What holds of records that can't be handled. */
export const FAILURE_CASES: readonly StreamCase[] = [
  {
    name: "a batch whose handler throws comes again whole, and its rows and outputs are there once",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "b", "c"]);
      const seen: string[][] = [];
      const options: StreamOptions = { ...plain(topic), maxRecords: 3, lingerMs: 1_000, outputTopic: output };
      const stream = bench.start(options, (batch) => {
        seen.push(valuesOf(batch));
        if (seen.length < 3) throw new Error("not yet");
        return valuesOf(batch).map(bytes);
      });
      await bench.done(stream);
      assert.deepEqual(seen, [["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"]]);
      assert.deepEqual(texts(await bench.allOf(output, 3)), ["a", "b", "c"]);
      assert.deepEqual(await bench.allOf(`${topic}.dlq`, 0), []);
    },
  },
  {
    name: "a record that fails at every attempt is set aside alone; the others of its batch are handled once",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      const sent = Array.from({ length: 9 }, (_, i) => `${i}`);
      await bench.sendTexts(topic, sent);
      const calls = { withPoison: 0 };
      const options: StreamOptions = { ...plain(topic), attempts: 3, lingerMs: 50, outputTopic: output };
      const stream = bench.start(options, (batch) => {
        const values = valuesOf(batch);
        if (values.includes("4")) {
          calls.withPoison++;
          throw new Error("poison");
        }
        return {
          outputs: values.map((value) => ({ topic: output, value: bytes(value) })),
          write: (tx) => values.forEach((value) => tx.run("INSERT INTO suite_rows VALUES (0, ?)", value)),
        };
      });
      await bench.done(stream);
      const others = sent.filter((value) => value !== "4");
      assert.deepEqual(texts(await bench.allOf(output, 8)), others);
      assert.deepEqual(bench.rows(), others);
      assert.deepEqual(texts(await bench.allOf(`${topic}.dlq`, 1)), ["4"]);
      assert.ok(calls.withPoison >= 3, `${calls.withPoison} attempts`);
      assert.equal(await stream.lag(), 0);
    },
  },
  {
    name: "batch.fail() retries that record alone, up to `attempts`; the others are done",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "poison", "late", "b"]);
      const calls: string[][] = [];
      const options: StreamOptions = { ...plain(topic), attempts: 3, maxRecords: 4, lingerMs: 1_000 };
      const stream = bench.start({ ...options, outputTopic: output }, (batch) => {
        calls.push(valuesOf(batch));
        const late = calls.filter((values) => values.includes("late")).length;
        const failed = batch.records.filter((record) => {
          const [value] = valuesOf({ records: [record] });
          const fails = value === "poison" || (value === "late" && late < 2);
          if (fails) batch.fail(record, new Error(`${value} failed`));
          return fails;
        });
        assert.throws(() => batch.fail({ topic, partition: 0, offset: 99 }, "?"), TypeError);
        return valuesOf({ records: batch.records.filter((record) => !failed.includes(record)) }).map(bytes);
      });
      await bench.done(stream);
      assert.deepEqual(calls, [["a", "poison", "late", "b"], ["poison"], ["poison"], ["late"]]);
      assert.deepEqual(texts(await bench.allOf(output, 3)).sort(), ["a", "b", "late"]);
      const [letter] = await bench.allOf(`${topic}.dlq`, 1);
      assert.equal(headersOf(letter)[DEAD_LETTER_HEADERS.error], "poison failed");
      assert.equal(headersOf(letter)[DEAD_LETTER_HEADERS.attempts], "3");
    },
  },
  {
    name:
      "a dead letter is the record as it was, and says in headers where it lay, why, how often tried, and when",
    async run(bench) {
      const topic = await bench.topicWithLetters(2);
      await bench.driver.send([
        { topic, partition: 1, value: bytes("fine") },
        {
          ...{ topic, partition: 1, key: bytes("k"), value: bytes("bad"), timestamp: TIME },
          headers: [["own", bytes("1")], ["own", bytes("2")]],
        },
      ]);
      const group = uniqueName("group");
      const stream = bench.start({ ...plain(topic), group, attempts: 2 }, (batch) => {
        for (const record of batch.records) {
          if (valuesOf({ records: [record] })[0] === "bad") {
            batch.fail(record, new Error("no way", { cause: new Error("because") }));
          }
        }
      });
      await bench.done(stream);
      const [letter] = await bench.allOf(`${topic}.dlq`, 1);
      assert.deepEqual([letter?.key, letter?.value], [bytes("k"), bytes("bad")]);
      assert.deepEqual(
        letter?.headers.slice(0, 2).map(([name, value]) => [name, [...value]]),
        [["own", [...bytes("1")]], ["own", [...bytes("2")]]],
      );
      const { [DEAD_LETTER_HEADERS.error]: error, [DEAD_LETTER_HEADERS.time]: time, own: _, ...rest } =
        headersOf(
          letter,
        );
      assert.match(error ?? "", /no way.*because/s);
      assert.ok(Number.isFinite(Date.parse(time ?? "")));
      assert.deepEqual(rest, {
        [DEAD_LETTER_HEADERS.topic]: topic,
        [DEAD_LETTER_HEADERS.partition]: "1",
        [DEAD_LETTER_HEADERS.offset]: "1",
        [DEAD_LETTER_HEADERS.group]: group,
        [DEAD_LETTER_HEADERS.attempts]: "2",
        [DEAD_LETTER_HEADERS.timestamp]: `${TIME}`,
      });
    },
  },
  {
    name: "values that can't be decoded are set aside; the others of their batch are handled",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      await bench.sendTexts(topic, [`{"n":1}`, "{no json", `{"n":2}`]);
      await bench.driver.send([{ topic, partition: 0, key: bytes("gone"), value: null }]);
      const stream = bench.start(
        { topics: [topic], maxRecords: 4, lingerMs: 50, outputTopic: output },
        (batch) => batch.records.map(({ data, keyText }) => ({ data: data ?? null, keyText })),
      );
      await bench.done(stream);
      assert.deepEqual(texts(await bench.allOf(output, 3)).map((text) => readJson(text ?? "null")), [
        { data: { n: 1 }, keyText: null },
        { data: { n: 2 }, keyText: null },
        { data: null, keyText: "gone" },
      ]);
      const letters = await bench.allOf(`${topic}.dlq`, 1);
      assert.deepEqual(texts(letters), ["{no json"]);
      assert.equal(headersOf(letters[0])[DEAD_LETTER_HEADERS.offset], "1");
    },
  },
  {
    name:
      'with onFailure "stop" nothing is set aside: what lies before is committed, and the next start begins there',
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      await bench.sendTexts(topic, ["a", "b", "poison", "c"]);
      const options: StreamOptions = {
        ...plain(topic),
        maxRecords: 4,
        lingerMs: 50,
        attempts: 2,
        onFailure: "stop",
      };
      const poisoned = bench.start({ ...options, outputTopic: output }, (batch) => {
        if (valuesOf(batch).includes("poison")) throw new Error("not that");
        return valuesOf(batch).map(bytes);
      });
      await bench.eventually("it has stopped", () => Promise.resolve(poisoned.failed));
      assert.notEqual(poisoned.health().status, "ok");
      assert.match(poisoned.health().detail ?? "", /offset 2/);
      const { group } = poisoned.spec;
      await bench.committed(group, topic, [2]);
      await poisoned.stop();
      const again = bench.start(
        { ...options, group, outputTopic: output },
        (batch) => valuesOf(batch).map(bytes),
      );
      await bench.done(again);
      assert.deepEqual(texts(await bench.allOf(output, 4)), ["a", "b", "poison", "c"]);
      assert.deepEqual(await bench.allOf(`${topic}.dlq`, 0), []);
    },
  },
  {
    name: 'batch.fail() with onFailure "stop" stops at that record',
    async run(bench) {
      const topic = await bench.topicWithLetters();
      await bench.sendTexts(topic, ["a", "b", "poison", "c"]);
      const options: StreamOptions = {
        ...plain(topic),
        maxRecords: 4,
        lingerMs: 50,
        attempts: 2,
        onFailure: "stop",
      };
      const stream = bench.start(options, (batch) => {
        for (const record of batch.records) {
          if (valuesOf({ records: [record] })[0] === "poison") batch.fail(record, new Error("no"));
        }
      });
      await bench.eventually("it has stopped", () => Promise.resolve(stream.failed));
      await stream.stop();
      await bench.committed(stream.spec.group, topic, [2]);
      assert.deepEqual(await bench.allOf(`${topic}.dlq`, 0), []);
    },
  },
  {
    name: "what a stream does is counted: batches, time, commits, retries, dead letters, rebalances",
    async run(bench) {
      const topic = await bench.topicWithLetters();
      await bench.sendTexts(topic, ["good", "bad"]);
      const stream = bench.start({ ...plain(topic), attempts: 2 }, (batch) => {
        for (const record of batch.records) {
          if (new TextDecoder().decode(record.value ?? undefined) === "bad") {
            batch.fail(record, new Error("no"));
          }
        }
      });
      await bench.done(stream);
      await stream.stop();
      const counted = (name: string) => bench.counted(`capstan_stream_${name}`);
      assert.equal(await counted("records_total"), 2);
      assert.ok(await counted("commits_total") >= 1);
      assert.ok(await counted("retries_total") >= 1);
      assert.equal(await counted("dead_letters_total"), 1);
      assert.equal(await counted("rebalances_total"), 1);
      assert.equal(await counted("assigned_partitions_total"), 1);
      assert.equal(await counted("revoked_partitions_total"), 1);
      assert.ok(await counted("batch_records_sum") >= 2);
      assert.ok(await counted("handler_seconds_count") >= 1);
    },
  },
];

/** Values as they lie, so that texts need be no JSON. */
function plain(topic: string): StreamOptions {
  return { topics: [topic], values: "bytes" };
}

function headersOf(record: BusRecord | undefined): Record<string, string> {
  return Object.fromEntries(
    (record?.headers ?? []).map(([name, value]) => [name, new TextDecoder().decode(value)]),
  );
}
