import assert from "node:assert/strict";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { decodeBody } from "../../../../plugins/tapes/parse/decode.ts";
import { callTo, chatAnswer, chatChunks, reasonOf, sse, turnOf } from "./fixture.ts";

const TEXT = "Grüße 🌍 ".repeat(1000);
const BYTES = new TextEncoder().encode(TEXT);
const CODINGS: [name: string, encode: (bytes: Uint8Array) => Uint8Array][] = [
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["GZip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["identity", (bytes) => bytes],
  ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
  ["zstd,identity, deflate", (bytes) => deflateSync(zstdCompressSync(bytes))],
];
const decode = (bytes: Uint8Array, headers: Record<string, string>, limit = 1 << 20) =>
  decodeBody(bytes, headers, limit);
const troubleOf = (bytes: Uint8Array, coding: string, limit?: number) => {
  const decoded = decode(bytes, { "content-encoding": coding }, limit);
  assert.ok("trouble" in decoded, "it was decoded");
  return decoded.trouble;
};

for (const [at, [coding, encode]] of CODINGS.entries()) {
  Deno.test(`decodeBody() undoes ${coding} (${at + 1})`, () => {
    assert.deepEqual(decode(encode(BYTES), { "content-encoding": coding }), { text: TEXT });
    assert.deepEqual(decode(new Uint8Array(), { "content-encoding": coding }), { text: "" });
  });
}

Deno.test("decodeBody() says what it can't undo", () => {
  assert.equal(troubleOf(BYTES, "compress"), 'Content-Encoding "compress" is unknown');
  assert.equal(troubleOf(BYTES, "constructor"), 'Content-Encoding "constructor" is unknown');
  for (const coding of ["gzip", "br", "zstd"]) {
    assert.match(troubleOf(new Uint8Array(100).fill(255), coding), new RegExp(`^its ${coding} is damaged: `));
  }
});

Deno.test("decodeBody() stops at its limit, whatever a body would grow to", () => {
  for (const [coding, encode] of CODINGS) {
    if (coding === "identity") continue;
    assert.match(
      troubleOf(encode(new Uint8Array(1 << 20)), coding, 5_000),
      /^it is larger than 5000 bytes when its /,
    );
  }
});

Deno.test("decodeBody() gives a compressed stream as far as it goes", () => {
  // Bytes that don't compress, so that a part of them is a part of the text.
  const random = Array.from({ length: 40_000 }, (_, at) => ((at * 2654435761) >>> 7).toString(36)).join("");
  for (const [coding, encode] of CODINGS.filter(([name]) => /^(gzip|deflate|br|zstd)$/.test(name))) {
    const whole = encode(new TextEncoder().encode(random));
    const decoded = decode(whole.subarray(0, whole.length * 0.9), { "content-encoding": coding });
    assert.ok("text" in decoded);
    assert.ok(decoded.text.length > 1000 && random.startsWith(decoded.text));
  }
});

Deno.test("decodeBody() goes by the charset, and puts U+FFFD where there is no character", () => {
  const typed = (bytes: number[], type: string) => decode(Uint8Array.from(bytes), { "content-type": type });
  assert.deepEqual(typed([0xe9], "application/json; charset=ISO-8859-1"), { text: "é" });
  assert.deepEqual(typed([0xe9, 0], 'application/json;Charset="utf-16le"'), { text: "é" });
  assert.deepEqual(typed([0xc3, 0xa9], "application/json; charset=unheard-of"), { text: "é" });
  assert.deepEqual(typed([0xef, 0xbb, 0xbf, 0x7b], "application/json"), { text: "{" });
  assert.deepEqual(typed([0x61, 0xff, 0x62], ""), { text: "a\ufffdb" });
});

Deno.test("parseCall() undoes the encodings of both bodies", () => {
  const asked = JSON.stringify({ model: "m", messages: [] });
  const answer = JSON.stringify(chatAnswer([{ role: "assistant", content: TEXT }]));
  const encoded = callTo("/v1/chat/completions", gzipSync(asked), zstdCompressSync(answer), {
    request_headers: { "content-encoding": "gzip" },
    response_headers: { "content-encoding": "zstd", "content-type": "application/json" },
  });
  assert.deepEqual(turnOf(encoded), turnOf(callTo("/v1/chat/completions", asked, answer)));
});

Deno.test("parseCall() says which body it can't decode, and reads the other", () => {
  const asked = JSON.stringify({ model: "m", messages: [] });
  const answer = reasonOf(
    callTo("/v1/chat/completions", asked, "junk", { response_headers: { "content-encoding": "gzip" } }),
  );
  assert.equal(answer.reason, "undecodable");
  assert.match(answer.detail, /^the answer can't be decoded: its gzip is damaged: /);
  assert.equal(answer.request?.model, "m");
  const request = reasonOf(
    callTo("/v1/chat/completions", "junk", "{}", { request_headers: { "content-encoding": "x" } }),
  );
  assert.deepEqual(
    [request.reason, request.detail],
    ["undecodable", `the request can't be decoded: Content-Encoding "x" is unknown`],
  );
});

Deno.test("parseCall() reads a compressed stream that was cut off", () => {
  const words = Array.from({ length: 500 }, (_, at) => `${((at * 2654435761) >>> 3).toString(36)} `);
  const body = gzipSync(sse(chatChunks(words.map((content) => ({ content })))));
  const { answers, terminal } = turnOf(
    callTo("/v1/chat/completions", { model: "m", messages: [] }, body.subarray(0, body.length / 2), {
      response_headers: { "content-encoding": "gzip" },
      outcome: "upstream-cut",
    }),
  );
  const said = answers[0]?.message.content?.[0]?.text ?? "";
  assert.ok(said.length > 500 && words.join("").startsWith(said));
  assert.equal(terminal, false);
});
