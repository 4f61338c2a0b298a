import assert from "node:assert/strict";
import type { Codec, Plugin, TopicValues } from "../../../lib/plugin/contract.ts";
import { DeclaredTopics } from "../../../lib/plugin/topics.ts";
import { withHost } from "./rig.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Counts in Roman figures, up to three. */
const roman: Codec<number> = {
  name: "roman",
  encode: (value) => new TextEncoder().encode("I".repeat(value)),
  decode: (bytes) => text(bytes).length,
};

Deno.test("a topic's codec and schema hold for producers, appends and streams, whatever plugin it is", async () => {
  const seen: unknown[] = [];
  const refused: string[] = [];
  const owner: Plugin = {
    name: "owner",
    setup(ctx) {
      ctx.topic({ name: "counts", partitions: 1 }, { codec: roman, schema: { type: "number", maximum: 3 } });
      ctx.topic({ name: "sums", partitions: 1 }, { codec: "text" });
      return {
        start: async () => {
          const note = (error: unknown) => void refused.push(error instanceof Error ? error.message : "");
          await ctx.producer("counts").send(2);
          await ctx.producer("counts").send(4).catch(note);
          await ctx.append("counts", { value: 3 });
          await ctx.append("sums", { value: 3 }).catch(note);
        },
      };
    },
  };
  const reader: Plugin = {
    name: "reader",
    setup(ctx) {
      ctx.topic({ name: "counts", partitions: 1 });
      ctx.stream<number>({ topics: ["counts"], outputTopic: "sums", lingerMs: 0 }, ({ records }) => {
        seen.push(...records.map(({ data, value }) => [data, value && text(value)]));
        return records.map(({ data }) => `${data} more`);
      });
      ctx.stream({ topics: ["sums"], group: "sums", lingerMs: 0 }, ({ records }) => {
        seen.push(...records.map(({ data }) => data));
      });
    },
  };
  await withHost([owner, reader], async ({ host }) => {
    await host.start();
    await host.stop();
  });
  assert.deepEqual(refused, [
    "Cannot publish to counts: value must be <= 3",
    "Cannot publish to sums: its values are text, not a number; give a string or bytes",
  ]);
  assert.deepEqual(seen, [[2, "II"], [3, "III"], "2 more", "3 more"]);
});

Deno.test("commands publish and commit by the topic's codec and schema", async () => {
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "p.out", partitions: 1 }, { schema: { type: "number" } });
      ctx.command({
        path: "say",
        doc: "Says.",
        creates: true,
        async run(call) {
          await call.publish([{ topic: "p.out", value: 1 }]);
          await assert.rejects(call.publish([{ topic: "p.out", value: "x" }]), /value must be number/);
          await assert.rejects(call.commit(() => [{ topic: "p.out", value: "x" }]), /value must be number/);
          await call.commit(() => [{ topic: "p.out", value: 2 }]);
          const kept = await Array.fromAsync(call.records("p.out"), ({ value }) => value && text(value));
          assert.deepEqual(kept, ["1", "2"]);
        },
      });
    },
  };
  const sink = { write: () => Promise.resolve(), isTerminal: false, columns: 80 };
  const input = { args: [], options: {}, stdout: sink, stderr: sink, signal: new AbortController().signal };
  await withHost([plugin], async ({ host }) => assert.equal(await host.runCommand("say", input), 0));
});

Deno.test("a stream in the Worker reads and publishes by codec and schema", async () => {
  const plugin = (schema: Record<string, unknown>, seen: unknown[]): Plugin => ({
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "p.in", partitions: 1, localOnly: true }, {
        codec: "text",
        schema: { pattern: "^[0-9]+$" },
      });
      ctx.topic({ name: "p.out", partitions: 1, localOnly: true }, { schema });
      const module = new URL("./workers/double.ts", import.meta.url);
      const worker = { module, options: "p.out" };
      ctx.stream({ topics: ["p.in"], group: "double", source: "local", attempts: 1, lingerMs: 0, worker });
      for (const topic of ["p.out", "p.in.dlq"]) {
        ctx.stream({ topics: [topic], group: topic, lingerMs: 0 }, ({ records }) => {
          seen.push(...records.map(({ data }) => data instanceof Uint8Array ? text(data) : data));
        });
      }
      return { start: async () => void await ctx.append("p.in", { value: "21" }) };
    },
  });
  for (
    const [schema, expected] of [[{ type: "number" }, 42], [{ type: "string" }, "21"]] as const
  ) {
    const seen: unknown[] = [];
    await withHost([plugin(schema, seen)], async ({ host }) => {
      await host.start();
      await host.stop();
    });
    assert.deepEqual(seen, [expected]);
  }
});

Deno.test("a codec of a plugin's can't reach into a worker: reading is refused at once, publishing when it is tried", async () => {
  const seen: string[] = [];
  const plugin = (read: TopicValues | undefined, values?: "bytes"): Plugin => ({
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "p.in", partitions: 1, localOnly: true }, read);
      ctx.topic({ name: "p.out", partitions: 1, localOnly: true }, { codec: roman });
      const worker = { module: new URL("./workers/double.ts", import.meta.url), options: "p.out" };
      ctx.stream({ topics: ["p.in"], source: "local", attempts: 1, lingerMs: 0, values, worker });
      ctx.stream({ topics: ["p.in.dlq"], group: "letters", lingerMs: 0 }, ({ records }) => {
        for (const { headers } of records) {
          seen.push(text(headers.find(([name]) => name === "capstan.dlq.error")?.[1] ?? new Uint8Array()));
        }
      });
      return { start: async () => void await ctx.append("p.in", { value: 1 }) };
    },
  });
  await withHost([plugin({ codec: roman })], async ({ host, another }) => {
    await assert.rejects(host.start(), (error) => {
      assert.ok(error instanceof Error);
      assert.match(
        error.message,
        /^Cannot make stream p\/p: topic p\.in has a codec of a plugin's, roman, which/,
      );
      assert.match(error.message, /set values to "bytes", or give a handler$/);
      return true;
    });
    another([plugin({ codec: roman }, "bytes")]).register();
  });
  await withHost([plugin(undefined)], async ({ host }) => {
    await host.start();
    await host.stop();
  });
  assert.match(seen[0] ?? "", /^Cannot publish to p\.out: its codec roman is a plugin's, which can't reach/);
});

Deno.test("a schema that is none stops the start, naming its topic", async () => {
  const plugin: Plugin = {
    name: "p",
    setup: (ctx) => ctx.topic({ name: "p.in", partitions: 1 }, { schema: { type: "strnig" } }),
  };
  await withHost([plugin], async ({ host }) => {
    await assert.rejects(host.start(), /Cannot use the schema of topic p\.in: schema is invalid/);
  });
});

Deno.test("declare() refuses values that are none, and two plugins that say otherwise of them", () => {
  const spec = { name: "t", partitions: 1 };
  const refused = (said: (topics: DeclaredTopics) => void, message: RegExp) =>
    assert.throws(() => said(new DeclaredTopics()), message);
  const wrong: [unknown, RegExp][] = [
    [
      { codec: "avro" },
      /Cannot declare topic t for p: codec is "avro"; give "json", "bytes", "text" or an object/,
    ],
    [{ codec: "toString" }, /codec is "toString"/],
    [{ codec: { name: "x", decode: () => 1 } }, /its codec has no encode or no decode; give both/],
    [{ codec: "bytes", schema: {} }, /bytes have no schema/],
    [{ schema: "{}" }, /its schema is no object; give a JSON Schema/],
  ];
  for (const [values, message] of wrong) {
    // Plugins in plain JavaScript may say anything.
    refused((topics) => topics.declare("p", spec, JSON.parse(JSON.stringify(values))), message);
  }
  refused((topics) => {
    topics.declare("a", spec, { codec: "json", schema: { type: "number" } });
    topics.declare("b", spec, { schema: { type: "string" } });
  }, /Cannot declare topic t for b: a declared its values otherwise; agree on one codec and schema/);
});

Deno.test("declare() lets plugins agree on values, or leave them to another", () => {
  const spec = { name: "t", partitions: 1 };
  const topics = new DeclaredTopics();
  topics.declare("a", spec);
  topics.declare("b", spec, { schema: { type: "number", maximum: 3 } });
  topics.declare("c", spec, { codec: "json", schema: { maximum: 3, type: "number" } });
  topics.declare("d", spec);
  assert.deepEqual(topics.values(), [["t", { schema: { type: "number", maximum: 3 } }]]);
  topics.forget("b");
  assert.equal(topics.values()[0]?.[1].codec, "json");
  topics.forget("c");
  assert.deepEqual(topics.values(), []);
  assert.deepEqual(topics.names(), ["t"]);
});
