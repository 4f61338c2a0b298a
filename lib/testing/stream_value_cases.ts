import assert from "node:assert/strict";
import type { Codec } from "../bus/handler.ts";
import { bytes, texts } from "./bus_case.ts";
import type { StreamCase } from "./stream_case.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** What holds of values on their way to handlers and from them. */
export const VALUE_CASES: readonly StreamCase[] = [
  {
    name: "values are read and written by the topic's codec; null stays a tombstone",
    async run(bench) {
      const [topic, output] = [await bench.topicWithLetters(), await bench.topic()];
      const reversed: Codec<string> = {
        name: "reversed",
        encode: (value) => bytes([...value].reverse().join("")),
        decode: (value) => [...new TextDecoder().decode(value)].reverse().join(""),
      };
      for (const codec of ["text", reversed] as const) {
        await bench.declare(topic, { codec });
        const seen: unknown[] = [];
        await bench.sendTexts(topic, ["abc"]);
        await bench.driver.send([{ topic, partition: 0, key: bytes("é"), value: null }]);
        const options = { topics: [topic], maxRecords: 1, outputTopic: output };
        const stream = bench.start({ ...options, from: "earliest" }, (batch) => {
          seen.push(...batch.records.map(({ data, keyText }) => [data, keyText]));
        });
        await bench.done(stream);
        const word = codec === "text" ? "abc" : "cba";
        assert.deepEqual(seen.slice(-2), [[word, null], [null, "é"]]);
      }
    },
  },
  {
    name:
      "a value that does not match the topic's schema is set aside where it is read, and refused where it is sent",
    async run(bench) {
      const topic = await bench.topicWithLetters();
      await bench.declare(topic, {
        schema: { type: "object", required: ["n"], properties: { n: { type: "number" } } },
      });
      await bench.sendTexts(topic, [`{"n":1}`, `{"m":2}`, `{"n":3}`]);
      const seen: unknown[] = [];
      const options = { topics: [topic], maxRecords: 3, lingerMs: 50, attempts: 2 };
      const stream = bench.start(
        options,
        (batch) => void seen.push(...batch.records.map(({ data }) => data)),
      );
      await bench.done(stream);
      assert.deepEqual(seen, [{ n: 1 }, { n: 3 }]);
      assert.deepEqual(texts(await bench.allOf(`${topic}.dlq`, 1)), [`{"m":2}`]);
      await stream.stop();

      const input = await bench.topicWithLetters();
      await bench.sendTexts(input, [`"good"`, `"bad"`]);
      const back = bench.start({ topics: [input], outputTopic: topic, attempts: 2 }, (batch) => {
        return batch.records.map(({ data }) => data === "bad" ? { m: 4 } : { n: 5 });
      });
      await bench.done(back);
      assert.deepEqual(texts(await bench.allOf(topic, 4)).at(-1), `{"n":5}`);
      assert.deepEqual(texts(await bench.allOf(`${input}.dlq`, 1)), [`"bad"`]);
    },
  },
  {
    name: "an output that follows from a record goes on with its trace",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const headers = [["traceparent", bytes(PARENT)], ["tracestate", bytes("a=1")]] as const;
      await bench.driver.send([{ topic, partition: 0, value: bytes("1"), headers }]);
      const stream = bench.start({ topics: [topic] }, (batch) =>
        batch.records.map((from) => (
          { topic: output, value: "x", from }
        )));
      await bench.done(stream);
      const [record] = await bench.allOf(output, 1);
      const found = new Map(record?.headers.map(([name, value]) => [name, new TextDecoder().decode(value)]));
      assert.match(
        found.get("traceparent") ?? "",
        new RegExp(`^00-${TRACE_ID}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`),
      );
      assert.equal(found.get("tracestate"), "a=1");
    },
  },
];
