import assert from "node:assert/strict";
import type { Block, Json } from "../../../../plugins/tapes/turn.ts";
import { answerHashes, callTo, reasonOf, sse, turnOf } from "./fixture.ts";

const ASKED = { model: "m", input: "hi" };
const PATH = "/v1/responses";
const USAGE = {
  input_tokens: 5,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 2 },
  total_tokens: 8,
};

type Item = { [key: string]: Json };
const response = (output: Json[], change: Item = {}): Item => ({
  id: "resp_1",
  object: "response",
  model: "m-1",
  status: "completed",
  output,
  error: null,
  incomplete_details: null,
  usage: USAGE,
  ...change,
});

/** Events of a streamed response: its start, its items' events, its end. */
function responseEvents(items: Item[][], end: Item): Json[] {
  const begun = response([], { status: "in_progress", usage: null });
  return [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...items.flatMap((events, output_index) => events.map((event) => ({ output_index, ...event }))),
    end,
  ];
}

const added = (item: Item): Item => ({ type: "response.output_item.added", item });
const done = (item: Item): Item => ({ type: "response.output_item.done", item });
const deltas = (kind: string, parts: string[], where: Item = {}): Item[] =>
  parts.map((delta) => ({ type: `response.${kind}.delta`, item_id: "i", ...where, delta }));

const text = (text: string, annotations: Json[] = []): Item => ({
  type: "output_text",
  text,
  annotations,
  logprobs: [],
});
const message = (...content: Json[]): Item => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content,
});
const called = (args: string): Item => ({
  id: "fc_1",
  type: "function_call",
  call_id: "c1",
  name: "f",
  arguments: args,
  status: "completed",
});
const begunMessage = { ...message(), status: "in_progress" };
const partAdded = (part: Json, at = 0): Item => ({
  type: "response.content_part.added",
  content_index: at,
  part,
});
const note: Json = { type: "url_citation", url: "u", start_index: 0, end_index: 2 };

interface Pair {
  what: string;
  output: Item[];
  /** Events of each item, without its `output_item.done`. */
  events: Item[][];
  blocks: Block[];
}

const PAIRS: Pair[] = [
  {
    what: "a text",
    output: [message(text("Paris."))],
    events: [[
      added(begunMessage),
      partAdded(text("")),
      ...deltas("output_text", ["Par", "is."], { content_index: 0 }),
    ]],
    blocks: [{ type: "text", text: "Paris." }],
  },
  {
    what: "citations and a refusal",
    output: [message(text("See.", [note]), { type: "refusal", refusal: "No." })],
    events: [[
      added(begunMessage),
      partAdded(text("")),
      ...deltas("output_text", ["See."], { content_index: 0 }),
      {
        type: "response.output_text.annotation.added",
        content_index: 0,
        annotation_index: 0,
        annotation: note,
      },
      partAdded({ type: "refusal", refusal: "" }, 1),
      ...deltas("refusal", ["N", "o."], { content_index: 1 }),
    ]],
    blocks: [{ type: "text", text: "See.", annotations: [note] }, { type: "refusal", refusal: "No." }],
  },
  {
    what: "reasoning and parallel tool calls",
    output: [
      {
        id: "rs_1",
        type: "reasoning",
        summary: [{ type: "summary_text", text: "One." }, { type: "summary_text", text: "Two." }],
      },
      called('{"a":1}'),
      { ...called("[1]"), call_id: "c2" },
      { id: "ct_1", type: "custom_tool_call", call_id: "c3", name: "sql", input: "SELECT 1" },
    ],
    events: [
      [
        added({ id: "rs_1", type: "reasoning", summary: [] }),
        {
          type: "response.reasoning_summary_part.added",
          summary_index: 0,
          part: { type: "summary_text", text: "" },
        },
        ...deltas("reasoning_summary_text", ["On", "e."], { summary_index: 0 }),
        { type: "response.reasoning_summary_text.done", summary_index: 0, text: "One." },
        {
          type: "response.reasoning_summary_part.added",
          summary_index: 1,
          part: { type: "summary_text", text: "" },
        },
        ...deltas("reasoning_summary_text", ["Two."], { summary_index: 1 }),
      ],
      [added(called("")), ...deltas("function_call_arguments", ['{"a"', ":1}"])],
      [
        added({ ...called(""), call_id: "c2" }),
        { type: "response.function_call_arguments.done", arguments: "[1]" },
      ],
      [
        added({ id: "ct_1", type: "custom_tool_call", call_id: "c3", name: "sql", input: "" }),
        ...deltas("custom_tool_call_input", ["SELECT", " 1"]),
      ],
    ],
    blocks: [
      { type: "thinking", thinking: "One.\n\nTwo.", summary: ["One.", "Two."] },
      { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_input: { a: 1 } },
      { type: "tool_use", tool_use_id: "c2", tool_name: "f", tool_arguments: "[1]" },
      {
        type: "tool_use",
        tool_use_id: "c3",
        tool_name: "sql",
        tool_type: "custom",
        tool_arguments: "SELECT 1",
      },
    ],
  },
  {
    what: "reasoning in full and encrypted",
    output: [{
      id: "rs_1",
      type: "reasoning",
      summary: [{ type: "summary_text", text: "Sum." }],
      content: [{ type: "reasoning_text", text: "Long." }],
      encrypted_content: "ENC",
    }],
    events: [[
      added({ id: "rs_1", type: "reasoning", summary: [], encrypted_content: "ENC" }),
      ...deltas("reasoning_summary_text", ["Sum."], { summary_index: 0 }),
      ...deltas("reasoning_text", ["Lo", "ng."], { content_index: 0 }),
    ]],
    blocks: [{ type: "thinking", thinking: "Long.", summary: ["Sum."], encrypted_content: "ENC" }],
  },
  {
    what: "server tools and images",
    output: [
      { id: "ws_1", type: "web_search_call", status: "completed", action: { type: "search", query: "q" } },
      { id: "ig_1", type: "image_generation_call", status: "completed", result: "AA==" },
    ],
    events: [
      [added({
        id: "ws_1",
        type: "web_search_call",
        status: "completed",
        action: { type: "search", query: "q" },
      })],
      [added({ id: "ig_1", type: "image_generation_call", status: "completed", result: "AA==" })],
    ],
    blocks: [
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "q" } },
      { type: "image_generation_call", id: "ig_1", status: "completed", result: "AA==" },
    ],
  },
];

for (const { what, output, events, blocks } of PAIRS) {
  Deno.test(`Responses give the same node streamed or not: ${what}`, () => {
    const unstreamed = turnOf(callTo(PATH, ASKED, response(output)));
    const whole = response(output);
    const ends: Item[] = [
      { type: "response.completed", response: whole },
      // Some servers leave the items out of the end.
      { type: "response.completed", response: { ...whole, output: [] } },
    ];
    assert.deepEqual(unstreamed.answers[0]?.message, { role: "assistant", content: blocks });
    for (const end of ends) {
      for (const finish of [true, false]) {
        const items = events.map((some, at) => finish ? [...some, done(output[at] ?? {})] : some);
        const stream = turnOf(callTo(PATH, { ...ASKED, stream: true }, sse(responseEvents(items, end))));
        assert.deepEqual(stream.answers, unstreamed.answers);
        assert.deepEqual(answerHashes(stream), answerHashes(unstreamed));
        assert.deepEqual(stream.usage, unstreamed.usage);
        assert.deepEqual([stream.terminal, stream.response_id], [true, "resp_1"]);
      }
    }
  });

  Deno.test(`Responses cut off give what was said: ${what}`, () => {
    const cut = responseEvents(events, {}).slice(0, -1);
    const { answers, terminal } = turnOf(callTo(PATH, { ...ASKED, stream: true }, sse(cut)));
    assert.deepEqual(answers[0]?.message.content, blocks);
    assert.equal(terminal, false);
  });
}

Deno.test("Responses cut off in a call's arguments give them as they stand", () => {
  const events = [[added(called("")), ...deltas("function_call_arguments", ['{"city": "Pa'])]];
  const { answers } = turnOf(callTo(PATH, ASKED, sse(responseEvents(events, {}).slice(0, -1))));
  assert.deepEqual(answers[0]?.message.content, [
    { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_arguments: '{"city": "Pa' },
  ]);
  assert.equal(answers[0]?.stop_reason, "in_progress");
});

Deno.test("Responses say how they ended, and what they counted", () => {
  const incomplete = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  const { answers: [answer], usage, raw_usage } = turnOf(
    callTo(PATH, ASKED, response([message(text("x"))], incomplete)),
  );
  assert.equal(answer?.stop_reason, "max_output_tokens");
  assert.deepEqual(answer?.further, { item_ids: ["msg_1"] });
  assert.deepEqual(usage, {
    prompt_tokens: 5,
    completion_tokens: 3,
    total_tokens: 8,
    cache_read_input_tokens: 4,
    reasoning_tokens: 2,
  });
  assert.deepEqual(raw_usage, USAGE);
});

Deno.test("Responses with an error in the stream give what was said and the error", () => {
  const error = { code: "server_error", message: "boom" };
  const said = [added(begunMessage), ...deltas("output_text", ["Hel"], { content_index: 0 })];
  const failed = {
    type: "response.failed",
    response: response([], { status: "failed", error, usage: null }),
  };
  for (const end of [failed, { type: "error", ...error }]) {
    const { answers, error: reported } = turnOf(callTo(PATH, ASKED, sse(responseEvents([said], end))));
    assert.deepEqual(answers[0]?.message.content, [{ type: "text", text: "Hel" }]);
    assert.equal((reported as Item).message, "boom");
  }
  const nothing = reasonOf(callTo(PATH, ASKED, response([], { status: "failed", error })));
  assert.deepEqual([nothing.reason, nothing.error], ["empty-answer", error]);
  assert.equal(reasonOf(callTo(PATH, ASKED, response([], { status: "queued" }))).reason, "empty-answer");
});

Deno.test("Responses requests read items of every kind; one answer's items are one message", () => {
  const input: Json[] = [
    { role: "developer", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "input_text", text: "see" },
        { type: "input_image", image_url: "https://e/x.png", detail: "low" },
        { type: "input_file", file_id: "f1" },
      ],
    },
    { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "ENC" },
    message(text("Looking.")),
    called('{"a":1}'),
    { type: "function_call_output", call_id: "c1", output: "21" },
    {
      type: "function_call_output",
      call_id: "c2",
      output: [{ type: "input_text", text: "22" }, { type: "input_image", file_id: "i" }],
    },
    { type: "item_reference", id: "msg_9" },
    "stray",
  ];
  const asked = {
    model: "m",
    input,
    instructions: "sys",
    previous_response_id: "resp_0",
    tools: [{ type: "web_search" }],
    safety_identifier: "u1",
    temperature: 0,
  };
  const { request } = turnOf(callTo(PATH, asked, response([message(text("x"))])));
  assert.deepEqual(request, {
    model: "m",
    system: "sys",
    tools: [{ type: "web_search" }],
    user: "u1",
    previous_response_id: "resp_0",
    parameters: { safety_identifier: "u1", temperature: 0 },
    stream: false,
    messages: [
      { role: "developer", content: [{ type: "text", text: "Be brief." }] },
      {
        role: "user",
        content: [
          { type: "text", text: "see" },
          { type: "image", image_url: "https://e/x.png", detail: "low" },
          { type: "input_file", file_id: "f1" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", encrypted_content: "ENC" },
          { type: "text", text: "Looking." },
          { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_input: { a: 1 } },
        ],
      },
      { role: "tool", content: [{ type: "tool_result", tool_result_id: "c1", tool_output: "21" }] },
      {
        role: "tool",
        content: [{
          type: "tool_result",
          tool_result_id: "c2",
          tool_output: "22",
          parts: [{ type: "input_text", text: "22" }, { type: "input_image", file_id: "i" }],
        }],
      },
      { role: "assistant", content: [{ type: "item_reference", id: "msg_9" }] },
      { role: "user", content: [{ type: "text", text: "stray" }] },
    ],
  });
});
