import assert from "node:assert/strict";
import fc from "fast-check";
import { mayEscapeKey } from "../../../lib/json/escaped_key.ts";
import { readJson } from "../../../lib/json/read_json.ts";

/** Values of every kind, none of them the result of reading JSON. */
const json = fc.letrec<{ value: unknown; list: unknown[]; object: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, -0),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("value")),
  object: fc.dictionary(key(), tie("value"), { noNullPrototype: true }),
})).value;

/** Keys that need escapes, and that are beginnings of each other's JSON. */
function key(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: fc.constantFrom("\\", '"', "\n", "n", "u", "0", ">", "a", ":", " "), maxLength: 4 }),
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("__proto__", "constructor", "1", "0", ""),
  );
}

/** How a writer of JSON writes. */
interface Style {
  /** Whether each UTF-16 unit of keys and texts is `\uXXXX`. */
  escapeAll: boolean;
  colon: string;
  comma: string;
}

/** A value's JSON. */
function write(value: unknown, style: Style): string {
  const text = (one: string) =>
    style.escapeAll
      ? `"${Array.from({ length: one.length }, (_, at) => hex(one.charCodeAt(at))).join("")}"`
      : JSON.stringify(one);
  if (typeof value === "string") return text(value);
  if (Object.is(value, -0)) return "-0";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => write(one, style)).join(style.comma)}]`;
  const members = Object.entries(value).map(([name, one]) =>
    `${text(name)}${style.colon}${write(one, style)}`
  );
  return `{${members.join(style.comma)}}`;
}

/** The texts that stand as keys. */
function keysOf(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  const within = Object.values(value).flatMap(keysOf);
  return Array.isArray(value) ? within : [...Object.keys(value), ...within];
}

const style = fc.record({
  escapeAll: fc.boolean(),
  colon: fc.constantFrom(":", ": ", "\t:\r\n"),
  comma: fc.constantFrom(",", ", ", " ,\n"),
});

function hex(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

Deno.test("readJson() gives each key as it stands there, whatever was read before", () => {
  for (
    const [before, text, keys] of [
      ['{"a":0,"\\\\":1,"\\n":2}', '{"a":0,"\\n":1,"\\\\":2}', ["a", "\n", "\\"]],
      ['{"b":0,"C:\\\\\\\\":1}', '{"b":0,"C:\\\\x":1}', ["b", "C:\\x"]],
      ['{"c":0,"\\\\":1}', '{"c":0,"\\"" :1}', ["c", '"']],
      ['{"d":0,"\\\\":1}', '{"d":0,"\\u003e"\r\n:1}', ["d", ">"]],
      ['{"e":0,"\\\\":1}', '[{"e":0,"\\/":1}]', ["e", "/"]],
    ] as const
  ) {
    readJson(before);
    const read = readJson<object | [object]>(text);
    assert.deepEqual(Object.keys(Array.isArray(read) ? read[0] : read), keys, text);
  }
});

Deno.test("readJson() reads back what JSON.stringify() and other writers make of a value", () => {
  fc.assert(
    fc.property(json, style, (value, style) => {
      assert.deepEqual(readJson(write(value, style)), value);
    }),
    { numRuns: 500 },
  );
});

Deno.test("mayEscapeKey() finds every key with an escape, and takes hardly a text without one for one", () => {
  fc.assert(
    fc.property(json, style, (value, style) => {
      const escaped = keysOf(value).some((key) => write(key, style).includes("\\"));
      if (escaped) assert.ok(mayEscapeKey(write(value, style)));
    }),
    { numRuns: 500 },
  );
  for (
    const text of [
      '{"a":"\n","b" : ""","c":["\\"]}',
      `{"arguments":${JSON.stringify(JSON.stringify({ path: "a\n", deep: JSON.stringify({ "\\": 1 }) }))}}`,
      '{"a":"\\","b":":\\"}',
      '["\n",":"]',
      "[]",
    ]
  ) assert.ok(!mayEscapeKey(text), text);
});

Deno.test("readJson() keeps the place of a key that comes twice and the last of its values", () => {
  assert.deepEqual(Object.entries(readJson<object>('{"\\u0061":1,"b":2,"a":3}')), [["a", 3], ["b", 2]]);
});

Deno.test("readJson() makes a member of __proto__", () => {
  const read = readJson<object>('{"\\n":1,"__proto__":{"x":2}}');
  assert.deepEqual(Object.keys(read), ["\n", "__proto__"]);
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
});

Deno.test("readJson() reads what is nested ten thousand levels deep", () => {
  const text = '{"\\n":'.repeat(10_000) + "1" + "}".repeat(10_000);
  let depth = 0;
  for (let at: unknown = readJson(text); typeof at === "object" && at !== null; depth++) {
    at = (at as Record<string, unknown>)["\n"];
  }
  assert.equal(depth, 10_000);
});

Deno.test("readJson() gives numbers to numberOf with their text", () => {
  const numberOf = (source: string) => `<${source}>`;
  assert.deepEqual(readJson('{"a":[1e999,-0, 12.50],"1":"2"}', { numberOf }), {
    a: ["<1e999>", "<-0>", "<12.50>"],
    1: "2",
  });
});

Deno.test("readJson() refuses what is no JSON, with or without escaped keys", () => {
  for (
    const text of ["", "{", '{"\\n":1,}', '{"\\n":1} x', '{"\\n":01}', "// a\n1", '{"\\x":1}', '["a\nb"]']
  ) {
    assert.throws(() => readJson(text), SyntaxError, text);
  }
});
