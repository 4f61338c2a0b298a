import assert from "node:assert/strict";
import type { Json } from "../../../../plugins/tapes/turn.ts";
import {
  answerHashes,
  type BodyInput,
  callTo,
  chatAnswer,
  chatChunks,
  reasonOf,
  sse,
  turnOf,
} from "./fixture.ts";
import { call, CHAT_PAIRS } from "./openai_pairs.ts";

const ASKED = { model: "m", messages: [{ role: "user", content: "hi" }] };
const PATH = "/v1/chat/completions";
const whole = (answer: BodyInput) => turnOf(callTo(PATH, ASKED, answer));
const streamed = (events: (Json | "[DONE]")[]) =>
  turnOf(callTo(PATH, { ...ASKED, stream: true }, sse(events)));

for (const { what, message, deltas, blocks } of CHAT_PAIRS) {
  Deno.test(`chat completions give the same node streamed or not: ${what}`, () => {
    const unstreamed = whole(chatAnswer([message]));
    const stream = streamed([...chatChunks(deltas), "[DONE]"]);
    assert.deepEqual(unstreamed.answers[0]?.message, { role: "assistant", content: blocks });
    assert.deepEqual(stream.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(stream), answerHashes(unstreamed));
    assert.equal(stream.terminal, true);
    assert.equal(stream.response_id, "chatcmpl-1");
  });
}

Deno.test("chat completions give a node for each choice, streamed or not", () => {
  const unstreamed = whole(
    chatAnswer([{ role: "assistant", content: "one" }, { role: "assistant", content: "two" }]),
  );
  const first = chatChunks([{ role: "assistant", content: "o" }, { content: "ne" }]);
  const second = chatChunks([{ role: "assistant", content: "t" }, { content: "wo" }], "stop", 1);
  const mixed = second.flatMap((chunk, at) => [chunk, first[at] ?? null]);
  const stream = streamed([...mixed, "[DONE]"]);
  assert.deepEqual(stream.answers.map(({ message }) => message.content), [
    [{ type: "text", text: "one" }],
    [{ type: "text", text: "two" }],
  ]);
  assert.deepEqual(stream.answers, unstreamed.answers);
});

Deno.test("chat completions tell calls apart where a server gives them all one index", () => {
  const { answers } = streamed([
    ...chatChunks([
      { role: "assistant", tool_calls: [call(0, "c1", "f", '{"x":1}')] },
      { tool_calls: [call(0, "c2", "g", '{"x":2}')] },
      { tool_calls: [{ id: "c3", function: { name: "h", arguments: "{" } }] },
      { tool_calls: [{ function: { arguments: '"x":3}' } }] },
      { tool_calls: [{ id: "c3", function: { name: "h", arguments: "" } }] },
    ]),
    "[DONE]",
  ]);
  assert.deepEqual(answers[0]?.message.content, [
    { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_input: { x: 1 } },
    { type: "tool_use", tool_use_id: "c2", tool_name: "g", tool_input: { x: 2 } },
    { type: "tool_use", tool_use_id: "c3", tool_name: "h", tool_input: { x: 3 } },
  ]);
});

Deno.test("chat completions keep every argument of a tool by its own name, whatever names came before", () => {
  const inputs = [{ a: 0, "\\": 1, "\n": 2 }, { a: 0, "\n": 1, "\\": 2 }, { a: 0, '"': 1, "C:\\x": 2 }];
  for (const input of inputs) {
    const asked = whole(chatAnswer([{ tool_calls: [call(0, "c", "f", JSON.stringify(input))] }]));
    assert.deepEqual(asked.answers[0]?.message.content, [
      { type: "tool_use", tool_use_id: "c", tool_name: "f", tool_input: input },
    ]);
  }
});

Deno.test("chat completions keep logprobs, filters and usage beside the node, streamed or not", () => {
  const usage = {
    prompt_tokens: 5,
    completion_tokens: 0,
    total_tokens: 5,
    completion_tokens_details: { reasoning_tokens: 2 },
  };
  const a = { token: "a", logprob: -1 }, b = { token: "b", logprob: -2 };
  const chunks = ["a", "b"].map((content, at): Json => ({
    id: "chatcmpl-1",
    model: "m-1",
    choices: [{
      index: 0,
      delta: { content },
      logprobs: { content: [at ? b : a], refusal: null },
      content_filter_results: { hate: { severity: "safe" } },
      finish_reason: at ? "length" : null,
    }],
    service_tier: "default",
  }));
  const stream = streamed([...chunks, { choices: [], usage }, { choices: [], usage: null }, "[DONE]"]);
  const unstreamed = whole({
    id: "chatcmpl-1",
    model: "m-1",
    choices: [{
      index: 0,
      message: { role: "assistant", content: "ab" },
      logprobs: { content: [a, b] },
      content_filter_results: { hate: { severity: "safe" } },
      finish_reason: "length",
    }],
    usage,
    service_tier: "default",
  });
  assert.deepEqual(answerHashes(stream), answerHashes(unstreamed));
  for (const { answers: [answer], further, usage: counted, raw_usage } of [stream, unstreamed]) {
    assert.equal(answer?.stop_reason, "length");
    const logprobs = answer?.further?.logprobs as { content: Json };
    assert.deepEqual(logprobs.content, [a, b]);
    assert.deepEqual(answer?.further?.content_filter_results, { hate: { severity: "safe" } });
    assert.deepEqual(further, { service_tier: "default" });
    assert.deepEqual(counted, {
      prompt_tokens: 5,
      completion_tokens: 0,
      total_tokens: 5,
      reasoning_tokens: 2,
    });
    assert.deepEqual(raw_usage, usage);
  }
});

Deno.test("chat completions cut off give what was said, unfinished arguments as they stand", () => {
  const chunks = chatChunks([
    { role: "assistant", content: "Let me " },
    { content: "see", tool_calls: [call(0, "c1", "f", '{"city": "Pa')] },
  ]).slice(0, 2);
  const body = sse(chunks);
  for (const text of [body, `${body}data: {"choices":[{"delta":{"cont`, body.trimEnd()]) {
    const { answers, terminal, further } = turnOf(callTo(PATH, ASKED, text));
    assert.equal(terminal, false);
    assert.equal(answers[0]?.stop_reason, "");
    assert.deepEqual(answers[0]?.message.content, [
      { type: "text", text: "Let me see" },
      { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_arguments: '{"city": "Pa' },
    ]);
    assert.deepEqual(
      further?.unparsable,
      text.endsWith("cont") ? ['{"choices":[{"delta":{"cont'] : undefined,
    );
  }
  assert.equal(
    reasonOf(callTo(PATH, ASKED, sse(chatChunks([{ role: "assistant", content: "" }]).slice(0, 1)))).reason,
    "empty-answer",
  );
});

Deno.test("chat completions cut off have no node for a choice that had not begun", () => {
  const [first] = chatChunks([{ role: "assistant", content: "one" }]);
  const [second] = chatChunks([{ role: "assistant", content: "" }], "stop", 1);
  const { answers } = streamed([first ?? null, second ?? null]);
  assert.deepEqual(answers.map(({ message }) => message.content), [[{ type: "text", text: "one" }]]);
});

Deno.test("chat completions with an error in the stream give what was said and the error", () => {
  const error = { message: "overloaded", type: "server_error" };
  const [said] = chatChunks([{ role: "assistant", content: "Hel" }]);
  const reports: Json[] = [{ error }, { type: "error", error }];
  for (const event of reports) {
    const { answers, error: reported, terminal } = streamed([said ?? null, event]);
    assert.deepEqual(answers[0]?.message.content, [{ type: "text", text: "Hel" }]);
    assert.deepEqual(reported, error);
    assert.equal(terminal, false);
  }
  const nothing = reasonOf(callTo(PATH, ASKED, sse([{ error }, "[DONE]"])));
  assert.equal(nothing.reason, "empty-answer");
  assert.equal(nothing.detail, "the provider reported an error: overloaded");
  assert.deepEqual(nothing.error, error);
});

Deno.test("chat completions without choices have no node", () => {
  assert.equal(reasonOf(callTo(PATH, ASKED, { id: "x", choices: [] })).reason, "empty-answer");
  assert.equal(reasonOf(callTo(PATH, ASKED, { error: { message: "no" } })).reason, "empty-answer");
});
