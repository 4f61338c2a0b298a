import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import fc from "fast-check";
import { type Bucket, bucketOf, hashInput, nodeHash } from "../../../plugins/tapes/hash.ts";
import type { Block, Json } from "../../../plugins/tapes/turn.ts";
import { goldenCases } from "./golden.ts";

const bucket = (content: Block[] | null): Bucket =>
  bucketOf({ role: "user", content }, { model: "m", provider: "p" });
const input = (...content: Block[]) => hashInput(bucket(content), null);
const inputOf = (block: string) =>
  `{"content":{"content":[${block}],"model":"m","provider":"p","role":"user","type":"message"},"parent":""}`;

Deno.test("hashInput() is the text that tapes hashed, for every recorded node", () => {
  let nodes = 0;
  for (const golden of goldenCases()) {
    for (const node of golden.nodes) {
      const recorded: Bucket = JSON.parse(node.bucket);
      assert.equal(hashInput(recorded, node.parent_hash), golden.hash_inputs[node.hash], golden.id);
      assert.equal(nodeHash(recorded, node.parent_hash), node.hash, golden.id);
      nodes++;
    }
  }
  assert.ok(nodes > 40);
});

Deno.test("nodeHash() is the SHA-256 of the text's UTF-8", () => {
  const some = bucket([{ type: "text", text: "Grüße 🌍" }]);
  assert.equal(
    nodeHash(some, "ab"),
    createHash("sha256").update(hashInput(some, "ab"), "utf8").digest("hex"),
  );
});

Deno.test("hashInput() has is_error always, and tapes' other fields only where they are not empty", () => {
  assert.equal(input({ type: "text" }), inputOf('{"is_error":false,"type":"text"}'));
  assert.equal(
    input({
      type: "",
      text: "",
      image_url: "",
      image_base64: "",
      media_type: "",
      tool_use_id: "",
      tool_name: "",
      tool_input: {},
      tool_result_id: "",
      tool_output: "",
      is_error: true,
    }),
    inputOf('{"is_error":true,"type":""}'),
  );
  for (const empty of [null, "", [], 7, undefined]) {
    assert.equal(input({ type: "t", tool_input: empty }), inputOf('{"is_error":false,"type":"t"}'));
  }
  assert.equal(
    input({ type: "t", tool_input: { a: null, b: "", c: {}, d: [] } }),
    inputOf('{"is_error":false,"tool_input":{"a":null,"b":"","c":{},"d":[]},"type":"t"}'),
  );
});

Deno.test("hashInput() has what tapes has no field for", () => {
  assert.equal(
    input({ type: "thinking", thinking: "so", signature: "s", zero: 0, none: null, gone: undefined }),
    inputOf('{"is_error":false,"none":null,"signature":"s","thinking":"so","type":"thinking","zero":0}'),
  );
});

Deno.test("hashInput() has a list where there is no content, and the agent where there is one", () => {
  assert.equal(hashInput(bucket(null), null), inputOf(""));
  const named = bucketOf({ role: "r", content: [] }, { model: "", provider: "", agentName: "a" });
  assert.equal(
    hashInput(named, "x"),
    '{"content":{"agent_name":"a","content":[],"model":"","provider":"","role":"r","type":"message"},"parent":"x"}',
  );
  assert.deepEqual(
    bucketOf({ role: "r", content: [] }, { model: "m", provider: "p", agentName: "" }),
    { type: "message", role: "r", content: [], model: "m", provider: "p" },
  );
});

Deno.test("hashInput() replaces lone surrogates before it sorts, in nested keys too", () => {
  assert.equal(
    input({ type: "text", text: "a\ud83db" }),
    inputOf('{"is_error":false,"text":"a\ufffdb","type":"text"}'),
  );
  // U+D800 sorts before U+FB33, U+FFFD after it.
  assert.equal(
    input({ type: "t", tool_input: { "\ud800": ["\udc00"], "\ufb33": { "\ud800x": 1 } } }),
    inputOf('{"is_error":false,"tool_input":{"\ufb33":{"\ufffdx":1},"\ufffd":["\ufffd"]},"type":"t"}'),
  );
  assert.equal(
    input({ type: "t", "\ud800": 1, "\ufb33": 2 }),
    inputOf('{"is_error":false,"type":"t","\ufb33":2,"\ufffd":1}'),
  );
  const odd = bucketOf({ role: "\ud800", content: [] }, {
    model: "\ud801",
    provider: "\udc00",
    agentName: "\udfff",
  });
  assert.ok(hashInput(odd, null).isWellFormed());
  assert.equal(hashInput(odd, null).split("\ufffd").length, 5);
});

Deno.test("hashInput() writes numbers as RFC 8785 does", () => {
  // Appendix B: IEEE 754 bits and their text.
  const vectors: [bits: string, text: string][] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["ffefffffffffffff", "-1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["c340000000000000", "-9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["44b52d02c7e14af7", "1.0000000000000001e+23"],
    ["444b1ae4d6e2ef4e", "999999999999999700000"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["444b1ae4d6e2ef50", "1e+21"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555553", "333333333.3333332"],
    ["41b3de4355555554", "333333333.33333325"],
    ["41b3de4355555555", "333333333.3333333"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
    ["43143ff3c1cb0959", "1424953923781206.2"],
  ];
  for (const [bits, text] of vectors) {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${bits}`));
    const block: Block = { type: "t", tool_input: { n: view.getFloat64(0) } };
    assert.equal(input(block), inputOf(`{"is_error":false,"tool_input":{"n":${text}},"type":"t"}`), bits);
  }
});

Deno.test("hashInput() sorts keys as RFC 8785's example does", () => {
  const keys = {
    "\u20ac": "Euro Sign",
    "\r": "CR",
    "\ufb33": "Dalet",
    "1": "One",
    "\ud83d\ude00": "Smile",
    "\u0080": "C",
    "\u00f6": "o",
  };
  assert.equal(
    input({ type: "t", tool_input: keys }),
    inputOf(
      '{"is_error":false,"tool_input":{"\\r":"CR","1":"One","\u0080":"C","\u00f6":"o","\u20ac":"Euro Sign",' +
        '"\ud83d\ude00":"Smile","\ufb33":"Dalet"},"type":"t"}',
    ),
  );
});

Deno.test("hashInput() is canonical JSON of what is hashed, whatever the fields are", () => {
  const names = fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "toJSON", "text2", "is_err"),
  );
  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
  fc.assert(fc.property(fc.dictionary(names, json), fc.string({ unit: "grapheme" }), (further, text) => {
    const block: Block = { ...further, type: "t", text: `t${text}` };
    const expected = canonicalize({
      content: {
        type: "message",
        role: "user",
        content: [{ ...block, is_error: false }],
        model: "m",
        provider: "p",
      },
      parent: "",
    });
    assert.equal(input(block), expected);
  }));
});

Deno.test("nodeHash() does not fail on content nested as deep as memory allows", () => {
  let deep: Json = 0;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.equal(nodeHash(bucket([{ type: "t", further: deep }]), null).length, 64);
});
