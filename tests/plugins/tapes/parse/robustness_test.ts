import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCall } from "../../../../plugins/tapes/parse/call.ts";
import type { Json } from "../../../../plugins/tapes/turn.ts";
import { answerHashes, callTo, chatChunks, ndjson, sse } from "./fixture.ts";

type Item = { [key: string]: Json };

const TARGETS = ["/v1/chat/completions", "/v1/messages", "/api/chat", "/api/generate", "/v1/responses", "/x"];

Deno.test("parseCall() never throws, whatever the bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const encoding = fc.constantFrom("", "gzip", "br", "zstd", "deflate", "x");
  fc.assert(
    fc.property(fc.constantFrom(...TARGETS), bytes, bytes, encoding, (target, request, answer, coding) => {
      const headers = { "content-encoding": coding };
      const asked = { model: "m", messages: [], input: "x", prompt: "x" };
      parseCall(callTo(target, request, answer, { request_headers: headers, response_headers: headers }));
      parseCall(callTo(target, asked, answer, { response_headers: headers }));
    }),
  );
});

/** JSON whose keys and types are often those that the parsers look for. */
const words = fc.constantFrom(
  ...[
    "choices",
    "message",
    "delta",
    "content",
    "role",
    "type",
    "text",
    "tool_calls",
    "function",
    "arguments",
    "name",
    "id",
    "index",
  ],
  ...[
    "usage",
    "error",
    "model",
    "messages",
    "input",
    "output",
    "done",
    "response",
    "item",
    "part",
    "output_index",
    "summary",
  ],
  ...[
    "message_start",
    "content_block_start",
    "content_block_delta",
    "message_delta",
    "content_block",
    "input_json_delta",
  ],
  ...[
    "response.output_item.added",
    "response.output_text.delta",
    "response.completed",
    "reasoning",
    "function_call",
  ],
  ...[
    "tool_result",
    "tool_use",
    "image",
    "source",
    "image_url",
    "thinking",
    "audio",
    "data",
    "tool",
    "tool_call_id",
    "__proto__",
  ],
);
const { tree } = fc.letrec<{ tree: Json; object: Item }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    words,
    fc.constantFrom(null, true, 0, 1, -1, "", "x"),
    fc.array(tie("tree"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(words, tie("tree"), { maxKeys: 6 }),
}));

Deno.test("parseCall() never throws and always gives what can be hashed, whatever the JSON", () => {
  const events = fc.array(tree, { maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom(...TARGETS), tree, events, fc.boolean(), (target, more, answers, lines) => {
      const request = { model: "m", messages: [more, ...answers], input: [more, ...answers], prompt: "x" };
      for (const body of [lines ? ndjson(answers) : sse(answers), JSON.stringify(answers[0] ?? null)]) {
        const parsed = parseCall(callTo(target, request, body));
        if ("turn" in parsed) assert.ok(answerHashes(parsed.turn).every((hash) => hash.length === 64));
        else assert.doesNotMatch(parsed.detail, /undefined|\[object|is not a function|Cannot read/);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("parseCall() gives a cut stream no more than the whole one had", () => {
  const deltas = ["Let ", "me ", "see 🌍"].map((content) => ({ content }));
  const body = new TextEncoder().encode(sse([...chatChunks(deltas), "[DONE]"]));
  const asked = { model: "m", messages: [] };
  for (let end = 0; end <= body.length; end++) {
    const parsed = parseCall(callTo("/v1/chat/completions", asked, body.subarray(0, end)));
    if ("turn" in parsed) {
      const said = parsed.turn.answers[0]?.message.content?.[0]?.text ?? "";
      assert.ok("Let me see 🌍".startsWith(said));
    } else {
      assert.ok(["empty-answer", "unparsable-answer"].includes(parsed.reason));
    }
  }
});
