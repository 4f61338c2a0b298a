import type { PluginSuiteOptions, TestRecord } from "../../lib/testing/mod.ts";
import { testPlugin } from "../../lib/testing/mod.ts";
import { plugins } from "../../plugins/mod.ts";
import { answer, aTurn } from "./insights/turns/a_turn.ts";
import { type Call, CALLS_TOPIC, encodeCall } from "../../plugins/tapes/call.ts";
import { chat, user } from "./tapes/derive/calls.ts";

/** Two turns of one conversation: SQL that a tool runs, and what came of it. */
const TURNS = [
  aTurn({
    id: "turn-1",
    messages: [{ hash: "1".repeat(64), role: "user", content: [{ type: "text", text: "How many users?" }] }],
    answers: [
      answer("2", [
        { type: "thinking", text: "I should count." },
        {
          type: "tool_use",
          tool_use_id: "call-1",
          tool_name: "sql",
          tool_input: { query: "SELECT id FROM users" },
        },
      ], "tool_use"),
    ],
    tools: { offered: ["sql"], used: ["sql"] },
  }),
  aTurn({
    id: "turn-2",
    started_at: "2026-01-02T03:04:09Z",
    first_byte_at: "2026-01-02T03:04:09.2Z",
    ended_at: "2026-01-02T03:04:10Z",
    messages: [{
      hash: "3".repeat(64),
      role: "tool",
      content: [{ type: "tool_result", tool_result_id: "call-1", tool_output: "3 rows" }],
    }],
    answers: [answer("4", [{ type: "text", text: "Three." }])],
  }),
].map(({ event }) => ({ key: event.conversation, value: { ...event } }));

/** What a person thought of the second turn's answer. */
const FEEDBACK = {
  key: "acme",
  value: {
    event_id: "evt-1",
    event_type: "feedback.submitted",
    tenant_id: "acme",
    timestamp: "2026-01-02T03:05:00Z",
    source: "app",
    data: { target: { node_hash: "4".repeat(64) }, rating: -1 },
  },
};

function callRecord({ meta, request, response }: Call): TestRecord {
  return { value: encodeCall(meta, [request], [response]) };
}

/** What each built-in plugin's streams are given. */
const SUITES: Readonly<Record<string, PluginSuiteOptions>> = {
  tapes: {
    records: {
      [CALLS_TOPIC]: ["Hello", "Again"].map((text, at) => callRecord(chat(at, [user(text)], "Hi"))),
    },
  },
  insights: { records: { "tapes.turns.v1": TURNS, "ai-feedback-events": [FEEDBACK] } },
  audit: { records: { "tapes.turns.v1": TURNS } },
};

for (const plugin of plugins) testPlugin(plugin, SUITES[plugin.name]);
