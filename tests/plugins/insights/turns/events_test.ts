import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { CATALOG } from "../../../../plugins/insights/events/catalog.ts";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import { auditEvent } from "../../../../plugins/insights/turns/audit.ts";
import { decisionEvents } from "../../../../plugins/insights/turns/decisions.ts";
import { metricsEvent } from "../../../../plugins/insights/turns/metrics.ts";
import { Prices } from "../../../../plugins/insights/turns/prices.ts";
import { thinkingEvents } from "../../../../plugins/insights/turns/thinking.ts";
import { turnSpanEvent } from "../../../../plugins/insights/turns/turn_span.ts";
import { answer, aTurn } from "./a_turn.ts";

const SCHEMAS = Object.assign({}, ...Object.values(CATALOG).map(({ types }) => types));

/** Asserts that an event is as its type's schema says. */
function assertValid(event: Envelope): void {
  const { success, error } = SCHEMAS[event.event_type].safeParse(event);
  assert.ok(success, `${event.event_type}: ${error}`);
}

const METRICS = { prices: new Prices([]), currency: "USD" };

Deno.test("each piece of thinking of each answer is an event", () => {
  const turn = aTurn({
    usage: { reasoning_tokens: 7 },
    answers: [
      answer("a", [
        { type: "thinking", thinking: "First.", signature: "s" },
        { type: "redacted_thinking", data: "x" },
        { type: "text", text: "Hello." },
        { type: "thinking", summary: ["One.", "Two."] },
      ]),
      answer("b", [{ type: "thinking", reasoning_details: [{ text: "Third." }, { summary: "Fourth." }] }]),
    ],
  });
  const events = thinkingEvents(turn);
  events.forEach(assertValid);
  assert.deepEqual(
    events.map(({ data }) => [data.node_hash?.[0], data.choice, data.index, data.kind, data.text]),
    [
      ["a", 0, 0, "text", "First."],
      ["a", 0, 1, "redacted", undefined],
      ["a", 0, 2, "summary", "One.\n\nTwo."],
      ["b", 1, 0, "summary", "Third.\n\nFourth."],
    ],
  );
  assert.equal(events[0]?.data.reasoning_tokens, 7);
  assert.equal(new Set(events.map(({ event_id }) => event_id)).size, 4);
});

Deno.test("a decision names what was chosen, among which offered, with its arguments and their hash", () => {
  const turn = aTurn({
    tools: { offered: ["search", "Task"], used: ["search", "Task"] },
    answers: [answer("a", [
      { type: "text", text: "I look." },
      { type: "tool_use", tool_name: "search", tool_use_id: "toolu_1", tool_input: { b: 1, a: "x" } },
      { type: "tool_use", tool_name: "Task", tool_use_id: "toolu_2", tool_arguments: "{cut" },
    ])],
  });
  const events = decisionEvents(turn, new Set(["Task"]));
  events.forEach(assertValid);
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.deepEqual(
    events.map(({ data: { kind, chosen, tool_call_id, offered, arguments: given, arguments_hash } }) => ({
      kind,
      chosen,
      tool_call_id,
      offered,
      given,
      arguments_hash,
    })),
    [{
      kind: "tool",
      chosen: "search",
      tool_call_id: "toolu_1",
      offered: ["search", "Task"],
      given: { b: 1, a: "x" },
      arguments_hash: sha('{"a":"x","b":1}'),
    }, {
      kind: "subagent",
      chosen: "Task",
      tool_call_id: "toolu_2",
      offered: ["search", "Task"],
      given: "{cut",
      arguments_hash: sha('"{cut"'),
    }],
  );
});

Deno.test("figures hold tokens, times with their fractions, and the price of what came from the cache", () => {
  const prices = new Prices([
    { model: "claude-*", input: 1, output: 1 },
    { model: "claude-sonnet-*", input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 },
  ]);
  const turn = aTurn({
    stop_reason: "end_turn",
    usage: {
      prompt_tokens: 1_000,
      cache_read_input_tokens: 600,
      cache_creation_input_tokens: 100,
      completion_tokens: 200,
      total_tokens: 1_200,
    },
  });
  const event = metricsEvent(turn, { prices, currency: "USD" });
  assertValid(event);
  assert.equal(event.data.latency_ms, 2_500.5);
  assert.equal(event.data.first_byte_ms, 250);
  assert.equal(event.data.failed, false);
  // (300 × 3 + 600 × 0.3 + 100 × 3.75 + 200 × 15) / 1,000,000
  assert.equal(event.data.cost, 0.004455);
});

Deno.test("a turn without a price or without tokens has no cost", () => {
  const prices = new Prices([{ model: "gpt-4o", input: 1, output: 1 }]);
  const usage = { prompt_tokens: 5 };
  assert.equal(metricsEvent(aTurn({ usage }), { prices, currency: "USD" }).data.cost, undefined);
  const asked = { model: "gpt-4o", answer_model: "gpt-4o-2024-08-06" };
  assert.equal(metricsEvent(aTurn(asked), { prices, currency: "USD" }).data.cost, undefined);
  assert.equal(metricsEvent(aTurn({ ...asked, usage }), { prices, currency: "USD" }).data.cost, 0.000005);
});

for (
  const [what, given, error] of [
    ["an upstream that gave no answer", {
      status: undefined,
      outcome: "upstream-failed",
      error: "connect ECONNREFUSED",
    }, "connect ECONNREFUSED"],
    ["a status of the provider's", {
      status: 429,
      reason: "status",
      error: { error: { type: "rate_limit", message: "Slow down." } },
    }, "Slow down."],
    [
      "an answer that was cut off",
      { outcome: "upstream-cut", detail: "other side closed" },
      "other side closed",
    ],
    ["an error inside a stream", { error: { type: "overloaded_error" } }, "overloaded_error"],
  ] as const
) {
  Deno.test(`${what} counts as a failure, with what was said of it`, () => {
    const turn = aTurn(given);
    const figures = metricsEvent(turn, METRICS), span = turnSpanEvent(turn);
    [figures, span, auditEvent(turn)].forEach(assertValid);
    assert.deepEqual([figures.data.failed, figures.data.error], [true, error]);
    assert.deepEqual([span.data.status, span.data.error], ["error", error]);
  });
}

for (const outcome of ["complete", "client-left", "tunnelled"]) {
  Deno.test(`a call that ended ${outcome} is no failure of the model's`, () => {
    assert.equal(metricsEvent(aTurn({ outcome }), METRICS).data.failed, false);
  });
}

Deno.test("a turn's span goes on with the trace its client named, else with its conversation's", () => {
  const trace = "0af7651916cd43dd8448eb211c80319c", parent = "b7ad6b7169203331";
  const named = turnSpanEvent(aTurn({ traceparent: `00-${trace}-${parent}-01` })).data;
  assert.deepEqual([named.trace_id, named.parent_span_id], [trace, parent]);
  const [one, other, elsewhere] = [{ id: "t1" }, { id: "t2" }, { conversation: "c2" }].map((given) =>
    turnSpanEvent(aTurn({ traceparent: "00-none", ...given })).data
  );
  assert.equal(one?.trace_id, other?.trace_id);
  assert.notEqual(one?.span_id, other?.span_id);
  assert.notEqual(one?.trace_id, elsewhere?.trace_id);
  assert.equal(one?.parent_span_id, undefined);
});

Deno.test("a turn's span carries OpenTelemetry's attributes for generative AI", () => {
  const { data } = turnSpanEvent(aTurn({
    usage: { prompt_tokens: 10, completion_tokens: 2, cache_read_input_tokens: 4 },
    response_id: "msg_1",
    answers: [answer("a", [{ type: "text", text: "Hi" }])],
  }));
  assert.equal(data.name, "chat claude-sonnet-4");
  assert.deepEqual(data.attributes, {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-sonnet-4",
    "gen_ai.response.model": "claude-sonnet-4",
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.finish_reasons": ["end_turn"],
    "gen_ai.conversation.id": "conversation-1",
    "gen_ai.agent.name": "coder",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 2,
    "gen_ai.usage.cache_read.input_tokens": 4,
    "http.request.method": "POST",
    "http.response.status_code": 200,
  });
});

Deno.test("an audit event says who called which model through which agent, and how it ended", () => {
  const event = auditEvent(aTurn({ user: "u-1", tools: { offered: [], used: ["search"] } }));
  assertValid(event);
  const { turn_id, user, agent, provider, model, outcome, status, tools_used } = event.data;
  assert.deepEqual([turn_id, user, agent, provider, model, outcome, status, tools_used], [
    "0190-turn",
    "u-1",
    "coder",
    "anthropic",
    "claude-sonnet-4",
    "complete",
    200,
    ["search"],
  ]);
});

Deno.test("a turn derived again under a new revision gives events of new ids, the same revision the same", () => {
  const ids = [1, 1, 2].map((revision) => metricsEvent(aTurn({ revision }), METRICS).event_id);
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
});
