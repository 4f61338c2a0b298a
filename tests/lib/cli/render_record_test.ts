import assert from "node:assert/strict";
import { recordAsJson, recordAsLine } from "../../../lib/cli/render_record.ts";
import { styleFor } from "../../../lib/cli/style.ts";
import { fakeRecord } from "./fake_bus.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const style = styleFor({ colours: false });

Deno.test("recordAsJson() gives JSON values as they are, text as text, other bytes as base64", () => {
  const record = fakeRecord(1, 7, {
    key: bytes("k"),
    value: bytes('{"a":[1]}'),
    headers: [["h", bytes("v")]],
  });
  assert.deepEqual(JSON.parse(recordAsJson(record)), {
    topic: "t",
    partition: 1,
    offset: 7,
    timestamp: "1970-01-01T00:00:00.000Z",
    key: "k",
    headers: [["h", "v"]],
    value: { a: [1] },
  });
  assert.equal(JSON.parse(recordAsJson(fakeRecord(0, 0, { value: bytes("plain") }))).value, "plain");
  assert.equal(JSON.parse(recordAsJson(fakeRecord(0, 0))).value, null);
  const binary = JSON.parse(
    recordAsJson(fakeRecord(0, 0, { key: new Uint8Array([255]), value: new Uint8Array([0, 255]) })),
  );
  assert.deepEqual([binary.key, binary.value_base64], [{ base64: "/w==" }, "AP8="]);
});

Deno.test("recordAsLine() is one line, whatever the value holds", () => {
  const line = recordAsLine(fakeRecord(1, 7, { key: bytes("k"), value: bytes("a\nb\x1b[2J") }), style);
  assert.match(line, / 1\/7 k a b\ufffd\[2J$/);
  assert.match(recordAsLine(fakeRecord(0, 0), style), / 0\/0 - \(tombstone\)$/);
  assert.match(
    recordAsLine(fakeRecord(0, 0, { value: new Uint8Array([255, 0]) }), style),
    /\(2 bytes\) \/wA=/,
  );
});

Deno.test("styleFor() paints where colours are wanted", () => {
  assert.equal(styleFor({ colours: true }).bold("x"), "\x1b[1mx\x1b[22m");
  assert.equal(styleFor({ colours: true }).bold(""), "");
});
