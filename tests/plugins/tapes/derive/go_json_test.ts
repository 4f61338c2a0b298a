import assert from "node:assert/strict";
import fc from "fast-check";
import { readJson } from "../../../../lib/json/read_json.ts";
import { byUtf8, goJson } from "../../../../plugins/tapes/derive/go_json.ts";
import { storeBucket } from "../../../../plugins/tapes/derive/stored_message.ts";
import type { Json } from "../../../../plugins/tapes/turn.ts";

Deno.test("goJson() sorts keys by their UTF-8 bytes and keeps whole-number keys among them", () => {
  const value = { "\u{1f600}": 1, "\ufb33": 2, "10": 3, "\r": 4, z: 5, "9": 6 };
  assert.equal(goJson(value), '{"\\r":4,"10":3,"9":6,"z":5,"\ufb33":2,"\u{1f600}":1}');
});

Deno.test("goJson() escapes as Go does, and writes minus zero", () => {
  assert.equal(goJson("<&>\u2028\u2029\u0000\u007f"), '"\\u003c\\u0026\\u003e\\u2028\\u2029\\u0000\u007f"');
  assert.equal(goJson([-0, 1e21, 1e-7, null, true]), "[-0,1e+21,1e-7,null,true]");
});

Deno.test("goJson() puts U+FFFD for lone surrogates, and of keys that become one the last wins", () => {
  assert.equal(goJson(JSON.parse('{"\\ud800":1,"\\udfff":"\\ud801x"}')), '{"\ufffd":"\ufffdx"}');
});

Deno.test("goJson() gives JSON that reads back as the value", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const json: Json = readJson(JSON.stringify(value));
    assert.deepEqual(readJson(goJson(json)), readJson(JSON.stringify(json)));
  }));
});

Deno.test("byUtf8() orders as the bytes do", () => {
  const encoder = new TextEncoder();
  const bytes = (text: string) =>
    Array.from(encoder.encode(text), (byte) => String.fromCharCode(byte)).join("");
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
    const expected = bytes(a) < bytes(b) ? -1 : bytes(a) > bytes(b) ? 1 : 0;
    assert.equal(Math.sign(byUtf8(a, b)), expected);
  }));
});

Deno.test("storeBucket() writes tapes' fields in tapes' order and further ones behind, and leaves empty ones out", () => {
  const { eventContent, content } = storeBucket({
    type: "message",
    role: "user",
    model: "m",
    provider: "p",
    content: [
      {
        type: "tool_result",
        zeta: 1,
        alpha: "x",
        is_error: false,
        tool_output: "o",
        tool_result_id: "i",
        text: "",
      },
      { type: "tool_use", tool_input: {}, is_error: true, tool_name: "n" },
      { type: "text", text: "t" },
    ],
  });
  assert.equal(
    eventContent,
    '[{"type":"tool_result","tool_result_id":"i","tool_output":"o","alpha":"x","zeta":1},' +
      '{"type":"tool_use","tool_name":"n","is_error":true},{"type":"text","text":"t"}]',
  );
  assert.equal(
    content,
    '[{"alpha":"x","tool_output":"o","tool_result_id":"i","type":"tool_result","zeta":1},' +
      '{"is_error":true,"tool_name":"n","type":"tool_use"},{"text":"t","type":"text"}]',
  );
});
