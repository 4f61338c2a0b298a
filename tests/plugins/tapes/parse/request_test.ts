import assert from "node:assert/strict";
import type { Json, Message } from "../../../../plugins/tapes/turn.ts";
import { callTo, chatAnswer, messageAnswer, turnOf } from "./fixture.ts";

const CHAT_ANSWER = chatAnswer([{ role: "assistant", content: "x" }]);
const chat = (messages: Json[], more: { [key: string]: Json } = {}) =>
  turnOf(callTo("/v1/chat/completions", { model: "m", messages, ...more }, CHAT_ANSWER)).request;
const anthropic = (messages: Json[], more: { [key: string]: Json } = {}) =>
  turnOf(
    callTo("/v1/messages", { model: "m", messages, ...more }, messageAnswer([{ type: "text", text: "x" }])),
  ).request;
const contents = (messages: Message[]) => messages.map(({ content }) => content);

Deno.test("chat completions' messages give the blocks of tapes", () => {
  const { messages } = chat([
    { role: "system", content: "Be brief." },
    { role: "user", content: "" },
    { role: "user" },
    { role: "user", content: [] },
    { role: "user", content: 7 },
    { role: "user", content: { text: "no" } },
    {
      role: "user",
      content: [
        { type: "text", text: "see" },
        { type: "text", text: "" },
        { type: "image_url", image_url: { url: "https://e/x.png" } },
        { text: "no type" },
      ],
    },
    { role: "tool", tool_call_id: "c1", content: "" },
    { role: "tool", content: "no id" },
  ]);
  assert.deepEqual(messages[0], { role: "system", content: [{ type: "text", text: "Be brief." }] });
  assert.deepEqual(contents(messages).slice(1), [
    [{ type: "text" }],
    [],
    null,
    null,
    null,
    [
      { type: "text", text: "see" },
      { type: "text" },
      { type: "image", image_url: "https://e/x.png" },
      { type: "", text: "no type" },
    ],
    [{ type: "tool_result", tool_result_id: "c1" }],
    [{ type: "text", text: "no id" }],
  ]);
});

Deno.test("chat completions' messages keep what tapes drops", () => {
  const { messages } = chat([
    { role: "user", name: "ann", content: "hi" },
    {
      role: "user",
      content: [{ type: "image_url", image_url: { url: "u", detail: "low" } }, {
        type: "image_url",
        image_url: "v",
      }],
    },
    {
      role: "user",
      content: [{ type: "input_audio", input_audio: { data: "AA==", format: "wav" } }, "bare", 7],
    },
    { role: "assistant", content: null, refusal: "no", audio: { id: "a1" } },
    { role: "assistant", content: [{ type: "refusal", refusal: "no" }] },
    { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
    { role: "function", name: "f", content: "1" },
    { role: "tool", tool_call_id: "c1", content: [{ type: "text", text: "a" }, { type: "text", text: "b" }] },
    { role: "tool", tool_call_id: "c2", content: { odd: true } },
    {
      role: "assistant",
      tool_calls: [
        { id: "c3", function: { name: "f", arguments: "{}", more: 1 }, extra_content: { s: "x" } },
        7,
      ],
    },
    { role: 7, content: "x", tool_calls: { not: "a list" } },
    "bare",
  ]);
  assert.deepEqual(contents(messages), [
    [{ type: "text", text: "hi" }, { type: "extra", name: "ann" }],
    [{ type: "image", image_url: "u", detail: "low" }, { type: "image", image_url: "v" }],
    [
      { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
      { type: "text", text: "bare" },
      { type: "", value: 7 },
    ],
    [{ type: "refusal", refusal: "no" }, { type: "audio", audio: { id: "a1" } }],
    [{ type: "refusal", refusal: "no" }],
    [{ type: "tool_use", tool_name: "f" }],
    [{ type: "tool_result", tool_output: "1", tool_name: "f" }],
    [{
      type: "tool_result",
      tool_result_id: "c1",
      tool_output: "a\nb",
      parts: [{ type: "text", text: "a" }, { type: "text", text: "b" }],
    }],
    [{ type: "tool_result", tool_result_id: "c2", output: { odd: true } }],
    [{ type: "tool_use", tool_use_id: "c3", tool_name: "f", extra_content: { s: "x" }, more: 1 }, {
      type: "",
      value: 7,
    }],
    [{ type: "text", text: "x" }, { type: "extra", role: 7, tool_calls: { not: "a list" } }],
    [{ type: "text", text: "bare" }],
  ]);
});

Deno.test("Anthropic messages give the blocks of tapes", () => {
  const { messages } = anthropic([
    { role: "user", content: "" },
    { role: "user" },
    { role: "user", content: [] },
    {
      role: "user",
      content: [
        { type: "text", text: "see" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
        { type: "server_tool_use", id: "s1", name: "f", input: { a: 1 } },
      ],
    },
  ]);
  assert.deepEqual(contents(messages), [
    [{ type: "text" }],
    null,
    null,
    [
      { type: "text", text: "see" },
      { type: "image", image_base64: "AA==", media_type: "image/png" },
      { type: "server_tool_use", tool_use_id: "s1", tool_name: "f", tool_input: { a: 1 } },
    ],
  ]);
});

Deno.test("Anthropic messages keep what tapes drops", () => {
  const { messages } = anthropic([{
    role: "user",
    content: [
      { type: "image", source: { type: "url", url: "https://e/x.png" } },
      { type: "image", source: { type: "file", file_id: "f1" } },
      { type: "document", title: "T", source: { type: "text", media_type: "text/plain", data: "words" } },
      {
        type: "tool_result",
        tool_use_id: "t1",
        content: [{ type: "text", text: "a" }, {
          type: "image",
          source: { type: "base64", media_type: "image/png", data: "AA==" },
        }],
      },
      { type: "tool_result", tool_use_id: "t2" },
      { type: "tool_use", id: "t3", name: "f", input: [1] },
      { type: "search_result", source: "https://e", title: "T", content: [{ type: "text", text: "found" }] },
    ],
  }]);
  assert.deepEqual(contents(messages), [[
    { type: "image", image_url: "https://e/x.png" },
    { type: "image", source: { type: "file", file_id: "f1" } },
    { type: "document", image_base64: "words", media_type: "text/plain", source_type: "text", title: "T" },
    {
      type: "tool_result",
      tool_result_id: "t1",
      tool_output: "a",
      parts: [
        { type: "text", text: "a" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } },
      ],
    },
    { type: "tool_result", tool_result_id: "t2" },
    { type: "tool_use", tool_use_id: "t3", tool_name: "f", tool_arguments: [1] },
    { type: "search_result", source: "https://e", title: "T", content: [{ type: "text", text: "found" }] },
  ]]);
});

Deno.test("cache breakpoints are no part of a message: they move from turn to turn", () => {
  const cache_control = { type: "ephemeral" };
  const marked: Json = [{ type: "text", text: "hi", cache_control }, {
    type: "tool_result",
    tool_use_id: "t",
    content: [{ type: "text", text: "x", cache_control }],
    cache_control,
  }];
  const plain: Json = [{ type: "text", text: "hi" }, {
    type: "tool_result",
    tool_use_id: "t",
    content: [{ type: "text", text: "x" }],
  }];
  const request = anthropic([{ role: "user", content: marked }]);
  assert.deepEqual(request.messages, anthropic([{ role: "user", content: plain }]).messages);
  assert.deepEqual(request.parameters.cache_breakpoints, [
    { message: 0, part: 0, cache_control },
    { message: 0, part: 1, cache_control },
  ]);
});

Deno.test("a request's options are kept, whatever their types; what has a place of its own is not among them", () => {
  const tools: Json[] = [{ type: "function", function: { name: "f" } }];
  const request = chat([{ role: "user", content: "x" }], {
    stream: true,
    tools,
    user: "ann",
    temperature: 0,
    stop: null,
    response_format: { type: "json_schema" },
    metadata: { user_id: "other" },
  });
  assert.deepEqual([request.model, request.stream, request.user, request.tools], ["m", true, "ann", tools]);
  assert.deepEqual(request.parameters, {
    user: "ann",
    temperature: 0,
    stop: null,
    response_format: { type: "json_schema" },
    metadata: { user_id: "other" },
  });
  assert.equal(chat([], { safety_identifier: "s" }).user, "s");
  assert.equal(anthropic([], { metadata: { user_id: "u" } }).user, "u");
  assert.equal(chat([]).user, undefined);
  const system: Json = [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }];
  assert.deepEqual(anthropic([], { system }).system, system);
});

Deno.test("request messages take the request's model, the answer its own, or the request's where it names none", () => {
  const named = turnOf(callTo("/v1/chat/completions", { model: "m", messages: [] }, CHAT_ANSWER));
  assert.deepEqual([named.request.model, named.answers[0]?.model], ["m", "m-1"]);
  const { model: _, ...nameless } = CHAT_ANSWER;
  const unnamed = turnOf(callTo("/v1/chat/completions", { model: "m", messages: [] }, nameless));
  assert.equal(unnamed.answers[0]?.model, "m");
  assert.equal(
    turnOf(callTo("/v1/chat/completions", { model: 7, messages: [] }, nameless)).answers[0]?.model,
    "",
  );
});

Deno.test("keys that mean something to JavaScript are keys like any other", () => {
  const odd = JSON.parse('{"__proto__":{"a":1},"constructor":"c","toString":"t"}');
  const text = JSON.stringify({
    model: "m",
    messages: [{ role: "user", content: [{ type: "odd", ...odd }] }],
    ...odd,
  });
  const { request } = turnOf(callTo("/v1/chat/completions", text, CHAT_ANSWER));
  const [block] = request.messages[0]?.content ?? [];
  assert.deepEqual(Object.keys(block ?? {}).sort(), ["__proto__", "constructor", "toString", "type"]);
  assert.deepEqual(Object.keys(request.parameters).sort(), ["__proto__", "constructor", "toString"]);
});
