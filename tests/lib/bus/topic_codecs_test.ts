import assert from "node:assert/strict";
import fc from "fast-check";
import type { Codec, OutgoingValue } from "../../../lib/bus/handler.ts";
import { TopicCodecs, topicCodecs } from "../../../lib/bus/topic_codecs.ts";
import { readJson } from "../../../lib/json/read_json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | null) => value && new TextDecoder().decode(value);

const PERSON = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  "x-owner": "crm",
  properties: {
    name: { type: "string", "x-label": "Name" },
    born: { type: "string", format: "date" },
    tags: { type: "array", items: { enum: ["a", "b"] }, uniqueItems: true },
    boss: { $ref: "#" },
  },
  required: ["name"],
  additionalProperties: false,
};

async function person() {
  return (await topicCodecs([["people", { schema: PERSON }]])).of("people");
}

Deno.test("a topic nobody spoke of has JSON: whatever JSON can say comes back", () => {
  const codec = new TopicCodecs().of("t");
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const plain: OutgoingValue = readJson(JSON.stringify(value));
    const sent = codec.encode(plain);
    if (plain === null) assert.equal(sent, null);
    else assert.deepEqual(codec.decode(sent), plain);
  }));
});

Deno.test("bytes go as they are for every codec, and null is a tombstone", async () => {
  const codecs = await topicCodecs([
    ["json", {}],
    ["text", { codec: "text" }],
    ["bytes", { codec: "bytes" }],
    ["own", { codec: { name: "own", encode: () => bytes("!"), decode: () => "!" } }],
  ]);
  for (const topic of ["json", "text", "bytes", "own"]) {
    const given = bytes("{no json");
    assert.equal(codecs.of(topic).encode(given), given);
    assert.equal(codecs.of(topic).encode(null), null);
    assert.equal(codecs.of(topic).decode(null), null);
  }
});

Deno.test("a codec refuses what it can't write, naming the topic", async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const codecs = await topicCodecs([
    ["text", { codec: "text" }],
    ["bytes", { codec: "bytes" }],
    ["broken", { codec: { name: "avro", encode: () => JSON.parse("7"), decode: () => 7 } }],
    ["throwing", { codec: { name: "avro", encode: () => fail("no such field"), decode: () => 7 } }],
  ]);
  const refused = (topic: string, value: OutgoingValue, message: RegExp) =>
    assert.throws(() => codecs.of(topic).encode(value), { name: "TypeError", message });
  refused("t", cycle, /^Cannot publish to t: it has no JSON form; give bytes or plain data: .*circular/s);
  refused("text", { a: 1 }, /^Cannot publish to text: its values are text, not an object; give a string/);
  refused("text", [], /not a list/);
  refused("bytes", "x", /^Cannot publish to bytes: its values are bytes, not a string; give a Uint8Array$/);
  refused("broken", 1, /^Cannot publish to broken: its codec avro gave number instead of bytes$/);
  refused("throwing", 1, /^Cannot publish to throwing: no such field$/);
});

function fail(message: string): never {
  throw new Error(message);
}

Deno.test("what a codec can't read is an error that names the topic, with the cause", async () => {
  const own: Codec<number> = {
    name: "number",
    encode: (value) => bytes(String(value)),
    decode: () => fail("no digits"),
  };
  const codecs = await topicCodecs([["text", { codec: "text" }], ["own", { codec: own }]]);
  const broken = new Uint8Array([0x22, 0xff, 0x22]);
  for (const wrong of [bytes("{"), bytes(""), broken]) {
    assert.throws(() => codecs.of("t").decode(wrong), {
      name: "TypeError",
      message: /^Cannot read a value of t: it is no JSON$/,
    });
  }
  assert.throws(() => codecs.of("text").decode(broken), /Cannot read a value of text: it is no text/);
  assert.throws(() => codecs.of("own").decode(bytes("x")), (error) => {
    assert.ok(error instanceof TypeError && error.cause instanceof Error);
    assert.equal(error.cause.message, "no digits");
    return true;
  });
  assert.equal(codecs.of("text").decode(bytes("caf\u00e9 \ufffd")), "caf\u00e9 \ufffd");
});

Deno.test("dead letters are bytes, for what could not be read is among them", () => {
  const codec = new TopicCodecs().of("orders.dlq");
  const value = bytes("{");
  assert.equal(codec.decode(value), value);
  assert.equal(codec.isBytes, true);
});

Deno.test("a schema refuses a bad value before it is sent, and says all that is wrong with it", async () => {
  const codec = await person();
  assert.equal(
    text(codec.encode({ name: "Ada", tags: ["a"], boss: { name: "Grace" } })),
    '{"name":"Ada","tags":["a"],"boss":{"name":"Grace"}}',
  );
  const refused = (value: OutgoingValue, message: string) =>
    assert.throws(() => codec.encode(value), {
      name: "TypeError",
      message: `Cannot publish to people: ${message}`,
    });
  refused(
    { name: 1, nick: "x" },
    "value must NOT have additional properties: nick; value/name must be string",
  );
  refused({}, "value must have required property 'name'");
  refused({ name: "x", tags: ["c"] }, 'value/tags/0 must be equal to one of the allowed values: "a", "b"');
  refused({ name: "x", boss: { name: null } }, "value/boss/name must be string");
  refused("x", "value must be object");
  refused(
    { name: "x", tags: ["c", "d", "e", "f", "g", "h", "i"] },
    [0, 1, 2, 3, 4].map((at) => `value/tags/${at} must be equal to one of the allowed values: "a", "b"`)
      .join("; ") + "; and 2 more",
  );
});

Deno.test("a schema checks what a reader will see: dates are texts, and bytes are read first", async () => {
  const codec = await person();
  assert.equal(
    text(codec.encode({ name: "Ada", born: new Date("1815-12-10T00:00:00Z"), boss: undefined })),
    '{"name":"Ada","born":"1815-12-10T00:00:00.000Z"}',
  );
  const good = bytes('{"name":"Ada"}');
  assert.equal(codec.encode(good), good);
  assert.equal(codec.encode(null), null);
  assert.throws(
    () => codec.encode(bytes('{"name":1}')),
    /Cannot publish to people: value\/name must be string/,
  );
  assert.throws(() => codec.encode(bytes("{")), /Cannot publish to people: the value is no JSON: /);
  assert.throws(() => codec.decode(bytes('{"name":1}')), {
    name: "TypeError",
    message: "Cannot read a value of people: value/name must be string",
  });
});

Deno.test("what is no schema is refused with its place; a misspelt keyword checks nothing and is refused too", async () => {
  const refused = (schema: Record<string, unknown>, message: RegExp) =>
    assert.rejects(topicCodecs([["t", { schema }]]), { name: "TypeError", message });
  await refused(
    { type: "objekt" },
    /^Cannot use the schema of topic t: schema is invalid: data\/type must be/,
  );
  await refused(
    { type: "object", propertys: {} },
    /^Cannot use the schema of topic t: .*unknown keyword: "propertys"/,
  );
  await refused({ $ref: "#/$defs/none" }, /^Cannot use the schema of topic t: can't resolve reference/);
});

Deno.test("two topics may have schemas of one $id", async () => {
  const schema = { $id: "https://example.com/s", type: "string" };
  const codecs = await topicCodecs([["a", { schema }], ["b", { schema: { ...schema, type: "number" } }]]);
  assert.equal(text(codecs.of("a").encode("x")), '"x"');
  assert.throws(() => codecs.of("b").encode("x"), /must be number/);
});

Deno.test("topicCodecs() with late compiles a schema when a value comes, and refuses what does not match", async () => {
  const schema = { type: "number", maximum: 3 };
  const codecs = await topicCodecs(
    [["t", { schema }], ["broken", { schema: { type: "strnig" } }]],
    undefined,
    {
      late: true,
    },
  );
  assert.deepEqual(codecs.of("t").decode(new TextEncoder().encode("3")), 3);
  for (let time = 0; time < 2; time++) assert.throws(() => codecs.of("t").encode(4), /value must be <= 3/);
  assert.throws(() => codecs.of("broken").encode(1), /schema is invalid/);
});
