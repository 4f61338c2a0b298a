import assert from "node:assert/strict";
import type { Block, Json } from "../../../../plugins/tapes/turn.ts";
import { answerHashes, callTo, ndjson, reasonOf, turnOf } from "./fixture.ts";

const CHAT = { model: "m", messages: [{ role: "user", content: "hi" }] };
const GENERATE = { model: "m", prompt: "hi" };
const METRICS = {
  total_duration: 4883583458,
  load_duration: 1,
  prompt_eval_count: 26,
  prompt_eval_duration: 342546000,
  eval_count: 28,
  eval_duration: 9,
};

type Message = { [key: string]: Json };
const object = (message: Message): Message => ({ model: "m", created_at: "t", message, done: false });
const last = (message: Message): Message => ({
  ...object(message),
  done_reason: "stop",
  done: true,
  ...METRICS,
});
const say = (content: string): Message => ({ role: "assistant", content });

interface Pair {
  what: string;
  message: Message;
  pieces: Message[];
  blocks: Block[] | null;
}

const calls: Json[] = [
  { function: { name: "get", arguments: { city: "Paris", n: 1.5 } } },
  { id: "c1", function: { index: 1, name: "now", arguments: {} } },
];

const PAIRS: Pair[] = [
  {
    what: "a text",
    message: say("Because of Rayleigh"),
    pieces: [say("Because"), say(" of "), say("Rayleigh"), say("")],
    blocks: [{ type: "text", text: "Because of Rayleigh" }],
  },
  { what: "nothing", message: say(""), pieces: [say(""), say("")], blocks: null },
  {
    what: "parallel tool calls",
    message: { ...say("ok"), tool_calls: calls },
    pieces: [say("o"), { ...say("k"), tool_calls: calls.slice(0, 1) }, {
      ...say(""),
      tool_calls: calls.slice(1),
    }, say("")],
    blocks: [
      { type: "text", text: "ok" },
      { type: "tool_use", tool_name: "get", tool_input: { city: "Paris", n: 1.5 } },
      { type: "tool_use", tool_use_id: "c1", tool_name: "now" },
    ],
  },
  {
    what: "thinking",
    message: { ...say("4"), thinking: "2 and 2" },
    pieces: [{ ...say(""), thinking: "2 and" }, { ...say(""), thinking: " 2" }, say("4"), say("")],
    blocks: [{ type: "thinking", thinking: "2 and 2" }, { type: "text", text: "4" }],
  },
  {
    what: "images",
    message: { ...say("see"), images: ["AA==", "BB=="] },
    pieces: [say("see"), { ...say(""), images: ["AA=="] }, { ...say(""), images: ["BB=="] }],
    blocks: [
      { type: "text", text: "see" },
      { type: "image", image_base64: "AA==" },
      { type: "image", image_base64: "BB==" },
    ],
  },
  {
    what: "what nobody here knows",
    message: { ...say("a"), mood: "gay" },
    pieces: [{ ...say("a"), mood: "g" }, { ...say(""), mood: "ay" }],
    blocks: [{ type: "text", text: "a" }, { type: "extra", mood: "gay" }],
  },
];

for (const { what, message, pieces, blocks } of PAIRS) {
  Deno.test(`Ollama chat gives the same node streamed or not: ${what}`, () => {
    const unstreamed = turnOf(callTo("/api/chat", { ...CHAT, stream: false }, last(message)));
    const stream = turnOf(
      callTo("/api/chat", CHAT, ndjson([...pieces.slice(0, -1).map(object), last(pieces.at(-1) ?? {})])),
    );
    assert.deepEqual(unstreamed.answers, [{
      model: "m",
      message: { role: "assistant", content: blocks },
      stop_reason: "stop",
    }]);
    assert.deepEqual(stream.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(stream), answerHashes(unstreamed));
    assert.deepEqual(stream.usage, {
      prompt_tokens: 26,
      completion_tokens: 28,
      total_tokens: 54,
      total_duration_ns: 4883583458,
      prompt_duration_ns: 342546000,
    });
    assert.deepEqual([stream.usage, stream.raw_usage, true], [
      unstreamed.usage,
      unstreamed.raw_usage,
      stream.terminal,
    ]);
    assert.deepEqual([stream.request.stream, unstreamed.request.stream], [true, false]);
  });
}

Deno.test("Ollama generate gives the same node streamed or not", () => {
  const piece = (response: string, more: Message = {}): Message => ({
    model: "m",
    created_at: "t",
    response,
    done: false,
    ...more,
  });
  const end = { done: true, done_reason: "stop", context: [1, 2], ...METRICS };
  const asked = { ...GENERATE, system: "Be brief.", images: ["AA=="], options: { seed: 1 }, suffix: "x" };
  const unstreamed = turnOf(
    callTo("/api/generate", { ...asked, stream: false }, piece("Hello", { thinking: "hm", ...end })),
  );
  const stream = turnOf(callTo(
    "/api/generate",
    asked,
    ndjson([
      piece("", { thinking: "h" }),
      piece("", { thinking: "m" }),
      piece("Hel"),
      piece("lo"),
      piece("", end),
    ]),
  ));
  assert.equal(stream.endpoint, "ollama-generate");
  assert.deepEqual(stream.answers[0]?.message, {
    role: "assistant",
    content: [{ type: "thinking", thinking: "hm" }, { type: "text", text: "Hello" }],
  });
  assert.deepEqual(stream.answers, unstreamed.answers);
  assert.deepEqual(stream.further, { created_at: "t", context: [1, 2] });
  assert.deepEqual(stream.request, {
    model: "m",
    messages: [{
      role: "user",
      content: [{ type: "text", text: "hi" }, { type: "image", image_base64: "AA==" }],
    }],
    system: "Be brief.",
    parameters: { options: { seed: 1 }, suffix: "x" },
    stream: true,
  });
});

Deno.test("Ollama answers cut off give what was said", () => {
  const body = ndjson([object(say("Because")), object({ ...say(" of"), tool_calls: calls })]);
  for (const tail of ["", '{"model":"m","mess']) {
    const { answers, terminal } = turnOf(callTo("/api/chat", CHAT, body + tail));
    assert.equal(terminal, false);
    assert.equal(answers[0]?.stop_reason, "");
    assert.equal(answers[0]?.message.content?.[0]?.text, "Because of");
    assert.equal(answers[0]?.message.content?.length, 3);
  }
  assert.equal(reasonOf(callTo("/api/chat", CHAT, ndjson([object(say(""))]))).reason, "empty-answer");
});

Deno.test("Ollama answers with an error in the stream give what was said and the error", () => {
  const { answers, error, terminal } = turnOf(
    callTo("/api/chat", CHAT, ndjson([object(say("Bec")), { error: "out of memory" }])),
  );
  assert.deepEqual(answers[0]?.message.content, [{ type: "text", text: "Bec" }]);
  assert.deepEqual([error, terminal], ["out of memory", false]);
  const nothing = reasonOf(callTo("/api/chat", CHAT, { error: "model not found" }));
  assert.deepEqual([nothing.reason, nothing.detail], [
    "empty-answer",
    "the provider reported an error: model not found",
  ]);
});

Deno.test("Ollama answers that are done stopped, where they don't say why", () => {
  const { answers } = turnOf(callTo("/api/chat", CHAT, { ...object(say("x")), done: true }));
  assert.equal(answers[0]?.stop_reason, "stop");
});

Deno.test("Ollama loading a model is no answer", () => {
  const load = { model: "m", created_at: "t", message: say(""), done_reason: "load", done: true };
  assert.equal(reasonOf(callTo("/api/chat", { model: "m", messages: [] }, load)).reason, "empty-answer");
  const generated = { model: "m", created_at: "t", response: "", done_reason: "unload", done: true };
  const unload = reasonOf(callTo("/api/generate", { model: "m", prompt: "", keep_alive: 0 }, generated));
  assert.equal(unload.reason, "empty-answer");
});

Deno.test("Ollama messages keep thinking, images, tool calls and what tools said", () => {
  const messages: Json[] = [
    { role: "user", content: "see", images: ["AA=="] },
    {
      role: "assistant",
      content: "",
      thinking: "hm",
      tool_calls: [{ function: { name: "f", arguments: '{"a":1}' } }],
    },
    { role: "tool", content: "21", tool_name: "f" },
    { role: "tool", content: "22" },
    { role: "user", content: null },
  ];
  const { request } = turnOf(callTo("/api/chat", { ...CHAT, messages }, last(say("x"))));
  assert.deepEqual(request.messages, [
    { role: "user", content: [{ type: "text", text: "see" }, { type: "image", image_base64: "AA==" }] },
    {
      role: "assistant",
      content: [{ type: "thinking", thinking: "hm" }, {
        type: "tool_use",
        tool_name: "f",
        tool_input: { a: 1 },
      }],
    },
    { role: "tool", content: [{ type: "tool_result", tool_name: "f", tool_output: "21" }] },
    { role: "tool", content: [{ type: "text", text: "22" }] },
    { role: "user", content: [] },
  ]);
});
