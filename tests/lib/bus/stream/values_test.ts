import assert from "node:assert/strict";
import type { Codec, HandlerReturn, StreamRecord, TopicValues } from "../../../../lib/bus/handler.ts";
import { DEAD_LETTER_HEADERS } from "../../../../lib/bus/stream/dead_letters.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { topicCodecs } from "../../../../lib/bus/topic_codecs.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

/** A stream over `in`, what its handler was given, and a way to run it to its end. */
async function setUp(options: {
  values?: Record<string, TopicValues>;
  spec?: Partial<StreamSpec>;
  handle?(records: readonly StreamRecord[]): HandlerReturn;
} = {}) {
  const bus = new MemoryBus();
  const calls: unknown[][] = [];
  const lines: string[] = [];
  const meter = createMeter();
  const stream = new Stream({
    spec: {
      name: "t/g",
      group: "g",
      topics: ["in"],
      from: "earliest",
      maxRecords: 100,
      maxBytes: 1_000_000,
      lingerMs: 0,
      attempts: 3,
      ...options.spec,
    },
    driver: bus,
    handler: ({ records }) => {
      calls.push(records.map(({ data }) => data));
      return options.handle?.(records);
    },
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    codecs: await topicCodecs(Object.entries(options.values ?? {})),
    log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
    meter,
    clock: instantClock(),
    random: () => 0.5,
  });
  const run = async () => {
    stream.start();
    try {
      await stream.caughtUp();
    } finally {
      await stream.stop();
    }
  };
  return { bus, calls, lines, meter, stream, run };
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** What a dead letter says. */
function reasons(bus: MemoryBus, topic: string) {
  const names = DEAD_LETTER_HEADERS;
  return (bus.records.get(topic) ?? []).map(({ headers }) => {
    const text = (name: string) => new TextDecoder().decode(headers.find(([each]) => each === name)?.[1]);
    return { offset: text(names.offset), attempts: text(names.attempts), error: text(names.error) };
  });
}

Deno.test("a stream gives what the topic's codec reads, the key as text, and null for a tombstone", async () => {
  const upper: Codec<string> = {
    name: "upper",
    encode: (value) => bytes(value.toLowerCase()),
    decode: (value) => new TextDecoder().decode(value).toUpperCase(),
  };
  const seen: unknown[] = [];
  const { bus, run } = await setUp({
    values: { text: { codec: "text" }, own: { codec: upper }, bytes: { codec: "bytes" } },
    spec: { topics: ["in", "text", "own", "bytes"] },
    handle: (records) => records.forEach(({ topic, data, keyText }) => seen.push([topic, data, keyText])),
  });
  for (const topic of ["in", "text", "own", "bytes"]) {
    bus.add({ topic, key: bytes("k"), value: bytes("1e1") });
  }
  bus.add({ topic: "in", value: null });
  await run();
  assert.deepEqual(seen, [
    ["in", 10, "k"],
    ["in", null, null],
    ["text", "1e1", "k"],
    ["own", "1E1", "k"],
    ["bytes", bytes("1e1"), "k"],
  ]);
});

Deno.test("values: bytes gives values as they lie, whatever the topic's codec and schema", async () => {
  const { bus, calls, run } = await setUp({
    values: { in: { schema: { type: "number" } } },
    spec: { values: "bytes" },
  });
  bus.append("in", ["{no json"]);
  await run();
  assert.deepEqual(calls, [[bytes("{no json")]]);
});

Deno.test("what can't be read goes to the dead letters at once; the others of the batch are handled", async () => {
  const { bus, calls, meter, lines, run } = await setUp({
    values: { in: { schema: { type: "object", required: ["id"] } } },
    handle: (records) => ({ write: (tx) => records.forEach(({ offset }) => void tx.run(String(offset))) }),
  });
  bus.append("in", ['{"id":1}', "{", '{"no":"id"}', '{"id":4}', "\u00ff"]);
  await run();
  assert.deepEqual(calls, [[{ id: 1 }, { id: 4 }]]);
  assert.deepEqual(bus.rows, ["0", "3"]);
  assert.equal(bus.committed.get("g/in"), 5);
  assert.deepEqual(bus.values("in.dlq"), ["{", '{"no":"id"}', "\u00ff"]);
  const said = reasons(bus, "in.dlq");
  assert.deepEqual(said.map(({ offset, attempts }) => `${offset} ${attempts}`), ["1 1", "2 1", "4 1"]);
  assert.match(said[0]?.error ?? "", /^Cannot read a value of in: it is no JSON: /);
  assert.equal(said[1]?.error, "Cannot read a value of in: value must have required property 'id'");
  assert.match(await meter.text(), /capstan_stream_dead_letters_total\{stream="t\/g"\} 3/);
  assert.ok(!lines.some((line) => line.includes("tried again")), "nothing was tried again");
});

Deno.test("a batch of which nothing can be read is set aside without a call", async () => {
  const { bus, calls, run } = await setUp();
  bus.append("in", ["{", "["]);
  await run();
  assert.deepEqual([calls, bus.committed.get("g/in")], [[], 2]);
  assert.deepEqual(bus.values("in.dlq"), ["{", "["]);
});

Deno.test("what can't be read and what can't be handled are set aside apart, each with its reason", async () => {
  const { bus, run } = await setUp({
    handle: (records) => {
      if (records.some(({ data }) => data === "poison")) throw new Error("poisoned");
    },
  });
  bus.append("in", ['"a"', "{", '"poison"', '"b"']);
  await run();
  assert.deepEqual(
    reasons(bus, "in.dlq").map(({ offset, attempts, error }) => `${offset} ${attempts} ${error.slice(0, 8)}`),
    ["1 1 Cannot r", "2 3 poisoned"],
  );
  assert.equal(bus.committed.get("g/in"), 4);
});

Deno.test("where failures stop the stream, it stops at what it can't read; what lies before is done", async () => {
  const { bus, stream, calls, run } = await setUp({ spec: { onFailure: "stop" } });
  bus.append("in", ["1", "2", "{", "4"]);
  await assert.rejects(run(), /Cannot handle offset 2 of in\/0/);
  assert.deepEqual(calls, [[1, 2]]);
  assert.equal(bus.committed.get("g/in"), 2);
  assert.equal(stream.failed, true);
  assert.deepEqual(bus.values("in.dlq"), []);
});

Deno.test("an attempt after a failed one gets values that no handler has touched", async () => {
  let first = true;
  const { bus, calls, run } = await setUp({
    handle: ([record]) => {
      if (!first || typeof record?.data !== "object" || record.data === null) return;
      first = false;
      Object.assign(record.data, { touched: true });
      throw new Error("not yet");
    },
  });
  bus.append("in", ['{"id":1}']);
  await run();
  assert.deepEqual(calls, [[{ id: 1, touched: true }], [{ id: 1 }]]);
});

Deno.test("a handler that publishes a bad value fails: the input is tried again, then set aside", async () => {
  for (const way of ["outputs", "write"] as const) {
    const { bus, calls, run } = await setUp({
      values: { out: { schema: { type: "number" } } },
      handle: (records) => {
        const outputs = records.map(({ data }) => ({ topic: "out", value: String(data) === "1" ? 1 : "x" }));
        return way === "outputs" ? outputs : { write: () => outputs };
      },
    });
    bus.append("in", ["1", "2", "1"]);
    await run();
    assert.deepEqual(bus.values("out"), ["1", "1"], way);
    assert.deepEqual(bus.values("in.dlq"), ["2"]);
    const error = "Cannot publish to out: value must be number";
    assert.deepEqual(reasons(bus, "in.dlq"), [{ offset: "1", attempts: "3", error }]);
    assert.equal(calls.length > 3, true);
  }
});

Deno.test("a trace that all records of a batch share goes on in what the handler publishes", async () => {
  const { bus, run } = await setUp({
    handle: (records) => ({
      outputs: [{ topic: "out", value: 1 }],
      write: () => [{ topic: "out", value: 2, from: records[0] }],
    }),
  });
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = [["traceparent", bytes(`00-${trace}-00f067aa0ba902b7-01`)] as const];
  bus.add({ topic: "in", value: bytes("1"), headers });
  bus.add({ topic: "in", value: bytes("2"), headers });
  await run();
  const sent = bus.records.get("out")?.map((record) =>
    record.headers.map(([name, value]) => `${name} ${new TextDecoder().decode(value)}`)
  );
  assert.equal(sent?.length, 2);
  const parents = sent.map(([only = ""]) =>
    new RegExp(`^traceparent 00-${trace}-(.{16})-01$`).exec(only)?.[1]
  );
  assert.equal(new Set([...parents, "00f067aa0ba902b7"]).size, 3, "each has a parent id of its own");
});
