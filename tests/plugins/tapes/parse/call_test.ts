import assert from "node:assert/strict";
import type { CallMeta } from "../../../../plugins/tapes/call.ts";
import { parseCall } from "../../../../plugins/tapes/parse/call.ts";
import { callTo, chatAnswer, chatChunks, messageAnswer, ndjson, reasonOf, sse, turnOf } from "./fixture.ts";

const ASKED = { model: "m", messages: [{ role: "user", content: "hi" }] };
const ANSWER = chatAnswer([{ role: "assistant", content: "x" }]);
const PATH = "/v1/chat/completions";
const ended = (change: Partial<CallMeta>, answer: string | object = "") =>
  reasonOf(callTo(PATH, ASKED, answer as string, change));

Deno.test("parseCall() names why a call ended without an answer, and still reads the request", () => {
  const cases: [Partial<CallMeta>, string, string][] = [
    [{ outcome: "upstream-failed", status: undefined, error: "refused" }, "no-answer", "refused"],
    [{ outcome: "client-left", status: undefined }, "no-answer", "the upstream gave no answer"],
    [{ outcome: "blocked", status: 200 }, "blocked", "the answer was withheld: it could not be stored"],
    [{}, "empty-answer", "the answer can't be read: it is empty"],
  ];
  for (const [change, reason, detail] of cases) {
    const refused = ended(change);
    assert.deepEqual([refused.reason, refused.detail], [reason, detail]);
    assert.equal(refused.endpoint, "chat-completions");
    assert.deepEqual(refused.request?.messages, [{ role: "user", content: [{ type: "text", text: "hi" }] }]);
  }
});

Deno.test("parseCall() gives no node where the provider answered other than 200, but its error", () => {
  const limited = ended({ status: 429 }, { error: { message: "slow down", type: "rate_limit" } });
  assert.deepEqual([limited.reason, limited.detail], ["status", "the provider answered 429: slow down"]);
  assert.deepEqual(limited.error, { message: "slow down", type: "rate_limit" });
  assert.equal(limited.request?.model, "m");
  assert.equal(ended({ status: 500 }, "<html>").detail, "the provider answered 500");
  assert.equal(
    ended({ status: 404 }, { error: "model not found" }).detail,
    "the provider answered 404: model not found",
  );
  assert.equal(ended({ status: 201 }, ANSWER).reason, "status");
  assert.ok(ended({ status: 500 }, { error: "x".repeat(10_000) }).detail.length < 400);
});

Deno.test("parseCall() says what was not captured", () => {
  for (const not_captured of ["over-capture-limit", "over-capture-memory", "upgrade"] as const) {
    assert.equal(ended({ not_captured }).reason, not_captured);
  }
  assert.equal(ended({ outcome: "tunnelled" }).reason, "upgrade");
});

Deno.test("parseCall() knows what is no conversation", () => {
  const embedding = { object: "list", data: [{ embedding: [0.5] }] };
  const others = [
    callTo("/v1/embeddings", { model: "m", input: "x" }, embedding),
    callTo("/v1/messages/count_tokens", ASKED, { input_tokens: 5 }),
    callTo("/v1/responses/input_tokens", { model: "m", input: "x" }, {
      object: "response.input_tokens",
      input_tokens: 5,
    }),
    callTo("/v1/completions", { model: "m", prompt: "x" }, { choices: [{ text: "y" }] }),
    callTo("/api/embed", { model: "m", input: ["x"] }, { embeddings: [[0.5]] }),
    callTo("/v1/audio/speech", { model: "m", input: "x", voice: "v" }, "RIFF"),
    callTo("/v1/audio/transcriptions", "--boundary\r\n", { text: "x" }),
    callTo("/v1/models", "", { data: [] }, { method: "GET" }),
    callTo("/v1/chat/completions", "", "", { method: "OPTIONS", status: 204 }),
    callTo("/v1/models", "", "", { method: "GET", status: undefined, outcome: "upstream-failed" }),
    callTo("/anything", { input: "x" }, { ok: true }),
    callTo("/anything", "[1]", { ok: true }),
  ];
  for (const call of others) {
    const { reason, detail } = reasonOf(call);
    assert.equal(reason, "not-a-chat", call.meta.target);
    assert.equal(detail, `${call.meta.method} ${call.meta.target} is no conversation`);
  }
});

Deno.test("parseCall() goes by the bodies before it goes by path or provider", () => {
  const odd: Partial<CallMeta> = { provider_type: "ollama" };
  const openai = turnOf(callTo("/openai/deployments/d/x?api-version=1", ASKED, ANSWER, odd));
  assert.equal(openai.endpoint, "chat-completions");
  assert.equal(turnOf(callTo("/model/claude/invoke", ASKED, messageAnswer([]), odd)).endpoint, "messages");
  assert.equal(turnOf(callTo("/v1/chat/completions", ASKED, messageAnswer([]))).endpoint, "messages");
  const response = {
    object: "response",
    output: [{ type: "message", content: [{ type: "output_text", text: "x" }] }],
  };
  assert.equal(turnOf(callTo("/x", { input: "x" }, response)).endpoint, "responses");
  assert.equal(
    turnOf(callTo("/x", { prompt: "x" }, { response: "x", done: true })).endpoint,
    "ollama-generate",
  );
  assert.equal(turnOf(callTo("/v1/completions", ASKED, ANSWER)).endpoint, "chat-completions");
  assert.equal(reasonOf(callTo("/api/chat/", ASKED, "", { status: 500 })).endpoint, "ollama-chat");
  assert.equal(
    reasonOf(callTo("/x", ASKED, "", { status: 500, provider_type: "anthropic" })).endpoint,
    "messages",
  );
});

Deno.test("parseCall() says what it can't read", () => {
  const request = reasonOf(callTo(PATH, '{"model":', ANSWER));
  assert.equal(request.reason, "unparsable-request");
  assert.match(request.detail, /^the request is no JSON that can be read: /);
  assert.equal(reasonOf(callTo(PATH, "[]", ANSWER)).reason, "unparsable-request");
  for (const answer of ['{"choices":[{"mess', "<html>", "[1]", "7", '{"ok":true}', '{\n"choices": [\n{}\n']) {
    const { reason, request } = reasonOf(callTo(PATH, ASKED, answer));
    assert.equal(reason, "unparsable-answer", answer);
    assert.equal(request?.model, "m");
  }
});

Deno.test("parseCall() refuses what is nested too deep, and nothing else", () => {
  const nest = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
  const asked = (deep: string) => `{"model":"m","messages":[],"deep":${deep}}`;
  const answered = (deep: string) => `{"choices":[{"message":{"content":"x","deep":${deep}}}]}`;
  assert.equal(turnOf(callTo(PATH, asked(nest(800)), answered(nest(800)))).answers.length, 1);
  for (const levels of [1_000, 100_000]) {
    const request = reasonOf(callTo(PATH, asked(nest(levels)), ANSWER));
    assert.deepEqual([request.reason, /deeper/.test(request.detail)], ["unparsable-request", true]);
    assert.equal(reasonOf(callTo(PATH, ASKED, answered(nest(levels)))).reason, "unparsable-answer");
    const tool_calls = [{ id: "c", function: { name: "f", arguments: `{"a":${nest(levels)}}` } }];
    const { answers } = turnOf(callTo(PATH, ASKED, chatAnswer([{ role: "assistant", tool_calls }])));
    assert.equal(answers[0]?.message.content?.[0]?.tool_arguments, tool_calls[0]?.function.arguments);
  }
});

Deno.test("parseCall() reads numbers beyond a double as the texts they are, and of twice the same key the last", () => {
  const { request } = turnOf(
    callTo(PATH, '{"model":"a","messages":[],"n":[1e999,-1e999,1],"k":1,"k":2,"model":"m"}', ANSWER),
  );
  assert.deepEqual(request.parameters, { n: ["1e999", "-1e999", 1], k: 2 });
  assert.equal(request.model, "m");
});

Deno.test("parseCall() reads SSE with any line ends, comments, several data lines and no last blank line", () => {
  const events = [
    ...chatChunks([{ role: "assistant", content: "Pa" }, { content: "ris" }]),
    "[DONE]" as const,
  ];
  const expected = turnOf(callTo(PATH, ASKED, sse(events)));
  const split = sse(events).replaceAll('"choices":', '"choices":\ndata: ');
  const variants = [
    sse(events, { newline: "\r\n" }),
    sse(events, { newline: "\r" }),
    `\ufeff${sse(events)}`,
    sse(events).trimEnd(),
    sse(events, { newline: "\r" }).trimEnd(),
    `: hello\n\nretry: 5\nid: 7\n${sse(events).replaceAll("data: ", "data:")}: bye`,
    split,
  ];
  for (const body of variants) {
    assert.deepEqual(turnOf(callTo(PATH, ASKED, body)), expected, JSON.stringify(body));
  }
});

Deno.test("parseCall() reads NDJSON with any line ends, blank lines and no last line end", () => {
  const objects = ["Be", "cause"].map((content, at) => ({
    model: "m",
    message: { role: "assistant", content },
    done: at > 0,
  }));
  const expected = turnOf(callTo("/api/chat", ASKED, ndjson(objects)));
  assert.equal(expected.answers[0]?.message.content?.[0]?.text, "Because");
  for (const newline of ["\r\n", "\r", "\n\n"]) {
    assert.deepEqual(turnOf(callTo("/api/chat", ASKED, ndjson(objects).replaceAll("\n", newline))), expected);
  }
  assert.deepEqual(turnOf(callTo("/api/chat", ASKED, ndjson(objects).trimEnd())), expected);
});

Deno.test("parseCall() keeps an event in the middle that is no JSON", () => {
  const [first, second] = chatChunks([{ role: "assistant", content: "Par" }], "stop");
  const body = `${sse([first ?? null])}data: oops\n\n${sse([second ?? null, "[DONE]"])}`;
  const { answers, further } = turnOf(callTo(PATH, ASKED, body));
  assert.equal(answers[0]?.message.content?.[0]?.text, "Par");
  assert.deepEqual(further?.unparsable, ["oops"]);
});

Deno.test("parseCall() reads a client's half answer to the point where it left", () => {
  const body = sse(chatChunks([{ role: "assistant", content: "Par" }]).slice(0, 1));
  const parsed = parseCall(callTo(PATH, ASKED, body, { outcome: "client-left" }));
  assert.ok("turn" in parsed);
  assert.deepEqual([parsed.turn.terminal, parsed.turn.answers[0]?.stop_reason], [false, ""]);
});
