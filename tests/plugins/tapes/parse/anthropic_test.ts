import assert from "node:assert/strict";
import type { Block, Json } from "../../../../plugins/tapes/turn.ts";
import {
  answerHashes,
  blockEvents,
  callTo,
  messageAnswer,
  messageEvents,
  reasonOf,
  sse,
  turnOf,
} from "./fixture.ts";

const ASKED = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "hi" }] };
const PATH = "/v1/messages";
const streamed = (events: Json[]) => turnOf(callTo(PATH, { ...ASKED, stream: true }, sse(events)));

const texts = (...parts: string[]): Json[] => parts.map((text) => ({ type: "text_delta", text }));
const inputs = (...parts: string[]): Json[] =>
  parts.map((partial_json) => ({ type: "input_json_delta", partial_json }));
const citation = (cited_text: string): Json => ({ type: "char_location", cited_text, document_index: 0 });
const results: Json[] = [{
  type: "web_search_result",
  url: "u",
  title: "t",
  encrypted_content: "E",
  page_age: null,
}];

interface Pair {
  what: string;
  content: Json[];
  events: Json[];
  blocks: Block[];
}

const PAIRS: Pair[] = [
  {
    what: "a text",
    content: [{ type: "text", text: "Hello!", citations: null }],
    events: blockEvents(0, { type: "text", text: "" }, texts("Hel", "lo", "!")),
    blocks: [{ type: "text", text: "Hello!" }],
  },
  {
    what: "texts around parallel tool calls",
    content: [
      { type: "text", text: "Let me look." },
      { type: "tool_use", id: "t1", name: "get", input: { city: "Paris", n: 1.5 } },
      { type: "tool_use", id: "t2", name: "now", input: {} },
      { type: "text", text: "Done." },
    ],
    events: [
      ...blockEvents(0, { type: "text", text: "" }, texts("Let me", " look.")),
      ...blockEvents(
        1,
        { type: "tool_use", id: "t1", name: "get", input: {} },
        inputs("", '{"city": "Pa', 'ris", "n":1.5}'),
      ),
      { type: "ping" },
      ...blockEvents(2, { type: "tool_use", id: "t2", name: "now", input: {} }, inputs("")),
      ...blockEvents(3, { type: "text", text: "" }, texts("Done.")),
    ],
    blocks: [
      { type: "text", text: "Let me look." },
      { type: "tool_use", tool_use_id: "t1", tool_name: "get", tool_input: { city: "Paris", n: 1.5 } },
      { type: "tool_use", tool_use_id: "t2", tool_name: "now" },
      { type: "text", text: "Done." },
    ],
  },
  {
    what: "thinking, redacted thinking and signatures",
    content: [
      { type: "thinking", thinking: "Let me add.", signature: "SIG==" },
      { type: "redacted_thinking", data: "ENC" },
      { type: "thinking", thinking: "Again.", signature: "" },
      { type: "text", text: "4" },
    ],
    events: [
      ...blockEvents(0, { type: "thinking", thinking: "", signature: "" }, [
        { type: "thinking_delta", thinking: "Let me" },
        { type: "thinking_delta", thinking: " add." },
        { type: "signature_delta", signature: "SIG==" },
      ]),
      ...blockEvents(1, { type: "redacted_thinking", data: "ENC" }, []),
      ...blockEvents(2, { type: "thinking", thinking: "" }, [{ type: "thinking_delta", thinking: "Again." }]),
      ...blockEvents(3, { type: "text", text: "" }, texts("4")),
    ],
    blocks: [
      { type: "thinking", thinking: "Let me add.", signature: "SIG==" },
      { type: "redacted_thinking", data: "ENC" },
      { type: "thinking", thinking: "Again." },
      { type: "text", text: "4" },
    ],
  },
  {
    what: "citations",
    content: [{ type: "text", text: "So it is.", citations: [citation("a"), citation("b")] }],
    events: blockEvents(0, { type: "text", text: "", citations: [] }, [
      { type: "citations_delta", citation: citation("a") },
      ...texts("So it ", "is."),
      { type: "citations_delta", citation: citation("b") },
    ]),
    blocks: [{ type: "text", text: "So it is.", citations: [citation("a"), citation("b")] }],
  },
  {
    what: "server tools and their results",
    content: [
      { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "q" } },
      { type: "web_search_tool_result", tool_use_id: "s1", content: results },
      { type: "web_search_tool_result", tool_use_id: "s2", content: { type: "error", error_code: "no" } },
      { type: "mcp_tool_use", id: "m1", name: "f", server_name: "srv", input: { a: 1 } },
      {
        type: "mcp_tool_result",
        tool_use_id: "m1",
        is_error: true,
        content: [{ type: "text", text: "bad" }],
      },
    ],
    events: [
      ...blockEvents(
        0,
        { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
        inputs('{"query"', ':"q"}'),
      ),
      ...blockEvents(1, { type: "web_search_tool_result", tool_use_id: "s1", content: results }, []),
      ...blockEvents(2, {
        type: "web_search_tool_result",
        tool_use_id: "s2",
        content: { type: "error", error_code: "no" },
      }, []),
      ...blockEvents(
        3,
        { type: "mcp_tool_use", id: "m1", name: "f", server_name: "srv", input: {} },
        inputs('{"a":1}'),
      ),
      ...blockEvents(4, {
        type: "mcp_tool_result",
        tool_use_id: "m1",
        is_error: true,
        content: [{ type: "text", text: "bad" }],
      }, []),
    ],
    blocks: [
      { type: "server_tool_use", tool_use_id: "s1", tool_name: "web_search", tool_input: { query: "q" } },
      { type: "web_search_tool_result", tool_result_id: "s1", parts: results },
      { type: "web_search_tool_result", tool_result_id: "s2", output: { type: "error", error_code: "no" } },
      { type: "mcp_tool_use", tool_use_id: "m1", tool_name: "f", tool_input: { a: 1 }, server_name: "srv" },
      { type: "mcp_tool_result", tool_result_id: "m1", tool_output: "bad", is_error: true },
    ],
  },
  {
    what: "an image",
    content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } }],
    events: blockEvents(0, {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AA==" },
    }, []),
    blocks: [{ type: "image", image_base64: "AA==", media_type: "image/png" }],
  },
  {
    what: "blocks and deltas nobody here knows",
    content: [{
      type: "dream",
      plot: "a cat",
      marks: [1, 2],
      none: null,
      id: "d1",
      media_type: "x",
      is_error: "maybe",
    }],
    events: blockEvents(0, {
      type: "dream",
      plot: "a ",
      marks: [1],
      none: null,
      id: "d1",
      media_type: "x",
      is_error: "maybe",
    }, [
      { type: "plot_delta", plot: "cat", marks: [2] },
    ]),
    blocks: [{
      type: "dream",
      tool_use_id: "d1",
      plot: "a cat",
      marks: [1, 2],
      none: null,
      fields: { media_type: "x", is_error: "maybe" },
    }],
  },
];

for (const { what, content, events, blocks } of PAIRS) {
  Deno.test(`Anthropic messages give the same node streamed or not: ${what}`, () => {
    const unstreamed = turnOf(callTo(PATH, ASKED, messageAnswer(content)));
    const stream = streamed(messageEvents(events));
    assert.deepEqual(unstreamed.answers[0]?.message, { role: "assistant", content: blocks });
    assert.deepEqual(stream.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(stream), answerHashes(unstreamed));
    assert.deepEqual(stream.usage, unstreamed.usage);
    assert.deepEqual(stream.raw_usage, unstreamed.raw_usage);
    assert.equal(stream.terminal, true);
    assert.equal(stream.response_id, "msg_1");
  });
}

Deno.test("Anthropic prompt tokens are all of the input; later counts replace earlier ones, missing ones stay", () => {
  const usage = {
    input_tokens: 3,
    cache_creation_input_tokens: 20,
    cache_read_input_tokens: 10,
    output_tokens: 1,
  };
  const events = messageEvents(blockEvents(0, { type: "text", text: "" }, texts("x")));
  const [start, ...others] = events as { [key: string]: Json }[];
  const message = { ...(start?.message as { [key: string]: Json }), usage };
  const { usage: counted, raw_usage } = streamed([{ ...start, message }, ...others]);
  assert.deepEqual(raw_usage, { ...usage, output_tokens: 9 });
  assert.deepEqual(counted, {
    prompt_tokens: 33,
    completion_tokens: 9,
    total_tokens: 42,
    cache_creation_input_tokens: 20,
    cache_read_input_tokens: 10,
  });
});

Deno.test("Anthropic messages keep what stands beside the content", () => {
  const unstreamed = turnOf(
    callTo(PATH, ASKED, {
      ...messageAnswer([{ type: "text", text: "x" }], "stop_sequence"),
      stop_sequence: "X",
      container: { id: "c" },
    }),
  );
  assert.deepEqual(unstreamed.further, { stop_sequence: "X", container: { id: "c" } });
  const events = messageEvents(blockEvents(0, { type: "text", text: "" }, texts("x")));
  events.splice(-2, 1, {
    type: "message_delta",
    delta: { stop_reason: "stop_sequence", stop_sequence: "X", container: { id: "c" } },
    usage: { output_tokens: 9 },
  });
  events.splice(-1, 0, { type: "message_delta", delta: { stop_reason: null, container: null } });
  const stream = streamed(events);
  assert.deepEqual(stream.further, unstreamed.further);
  assert.equal(stream.answers[0]?.stop_reason, "stop_sequence");
});

Deno.test("Anthropic messages cut off give what was said, unfinished input as it stands", () => {
  const events = messageEvents([
    ...blockEvents(0, { type: "thinking", thinking: "" }, [{ type: "thinking_delta", thinking: "hm" }]),
    ...blockEvents(1, { type: "tool_use", id: "t1", name: "get", input: {} }, inputs('{"city": "Pa')),
  ]).slice(0, -3);
  for (const tail of ["", 'event: content_block_delta\ndata: {"type":"con']) {
    const { answers, terminal } = turnOf(callTo(PATH, ASKED, sse(events) + tail));
    assert.equal(terminal, false);
    assert.equal(answers[0]?.stop_reason, "");
    assert.deepEqual(answers[0]?.message.content, [
      { type: "thinking", thinking: "hm" },
      { type: "tool_use", tool_use_id: "t1", tool_name: "get", tool_arguments: '{"city": "Pa' },
    ]);
  }
  assert.equal(reasonOf(callTo(PATH, ASKED, sse(events.slice(0, 1)))).reason, "empty-answer");
});

Deno.test("Anthropic messages with an error in the stream give what was said and the error", () => {
  const error = { type: "overloaded_error", message: "Overloaded" };
  const said = messageEvents(blockEvents(0, { type: "text", text: "" }, texts("Hel"))).slice(0, 3);
  const { answers, error: reported, terminal } = streamed([...said, { type: "error", error }]);
  assert.deepEqual(answers[0]?.message.content, [{ type: "text", text: "Hel" }]);
  assert.deepEqual(reported, error);
  assert.equal(terminal, false);
  const nothing = reasonOf(callTo(PATH, ASKED, sse([{ type: "error", error }])));
  assert.deepEqual([nothing.reason, nothing.error], ["empty-answer", error]);
  assert.equal(nothing.detail, "the provider reported an error: Overloaded");
});

Deno.test("Anthropic deltas without a start make their block", () => {
  const { answers } = streamed(messageEvents([
    { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } },
  ]));
  assert.deepEqual(answers[0]?.message.content, [
    { type: "text", text: "x" },
    { type: "tool_use", tool_input: { a: 1 } },
  ]);
});
