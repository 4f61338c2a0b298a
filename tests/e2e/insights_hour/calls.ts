import { anthropicAnswer, cutStream, openAiAnswer, openAiError, openAiStream } from "./answers.ts";
import type { Answer } from "./upstream.ts";

/** One call of a model, and what the model answers. */
export interface ScriptedCall {
  /** Names it; the model's answers bear it in their ids. */
  readonly name: string;
  /** Calls of one conversation are had through one agent of a fleet. */
  readonly conversation: "orders" | "tickets" | "planning" | "nights";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: Answer;
  /** Results of tools that it brings. */
  readonly results?: number;
}

type Said = Pick<ScriptedCall, "name" | "answer" | "results"> & { messages: readonly unknown[] };

const SYSTEM = "You answer for the shop's back office.";
const CLAUDE = "claude-sonnet-4-5";
const tool = (name: string) => ({ name, input_schema: { type: "object" } });
const gptTool = (name: string) => ({ type: "function", function: { name, parameters: { type: "object" } } });

const question = { role: "user", content: "Which orders are late?" };
const thought = [
  { type: "thinking", thinking: "Orders have a due date.", signature: "sig" },
  { type: "text", text: "I look it up." },
  {
    type: "tool_use",
    id: "toolu_late",
    name: "db",
    input: { sql: "SELECT o.id FROM shop.orders o WHERE o.due < now()", dialect: "postgresql" },
  },
];
const rows = {
  role: "user",
  content: [{ type: "tool_result", tool_use_id: "toolu_late", content: "7\n9" }],
};
const found = [{
  type: "text",
  text:
    "Orders 7 and 9. To move them:\n\n```sql\nUPDATE shop.orders SET due = due + 7 WHERE id IN (7, 9)\n```\n",
}];
const both = [
  { type: "redacted_thinking", data: "hidden" },
  {
    type: "tool_use",
    id: "toolu_psql",
    name: "Bash",
    input: { command: `psql -d shop -c "DELETE FROM carts WHERE id = 3"` },
  },
  { type: "tool_use", id: "toolu_task", name: "Task", input: { prompt: "Write to the customers." } },
];
const results = {
  role: "user",
  content: [
    { type: "tool_result", tool_use_id: "toolu_psql", content: "permission denied", is_error: true },
    { type: "tool_result", tool_use_id: "toolu_task", content: "Written." },
  ],
};
const next = { role: "user", content: "Clear the cart of order 7, and have the customers told." };
const asked = [{ role: "user", content: "Where is my parcel?" }];
const search = {
  id: "call_track",
  type: "function",
  function: { name: "track", arguments: '{"parcel":"P-1"}' },
};

/** The calls of the hour, in the order they are made. */
export const CALLS: readonly ScriptedCall[] = [
  claude({
    name: "orders-1",
    messages: [question],
    answer: anthropicAnswer("orders-1", thought, "tool_use", { cache_creation_input_tokens: 40 }),
  }),
  claude({
    name: "orders-2",
    messages: [question, { role: "assistant", content: thought }, rows],
    results: 1,
    answer: anthropicAnswer("orders-2", found, "end_turn", { cache_read_input_tokens: 40 }),
  }),
  gpt({
    name: "tickets-1",
    messages: asked,
    answer: openAiStream("tickets-1", { tool_calls: [search] }, "tool_calls"),
  }),
  claude({
    name: "orders-3",
    messages: [
      question,
      ...[{ role: "assistant", content: thought }, rows, { role: "assistant", content: found }, next],
    ],
    answer: anthropicAnswer("orders-3", both, "tool_use"),
  }),
  gpt({
    name: "tickets-2",
    results: 1,
    messages: [
      ...asked,
      { role: "assistant", content: null, tool_calls: [search] },
      { role: "tool", tool_call_id: "call_track", content: "in Utrecht" },
    ],
    answer: openAiStream("tickets-2", { content: "It is in Utrecht." }, "stop"),
  }),
  claude({
    name: "orders-4",
    results: 2,
    messages: [
      question,
      ...[{ role: "assistant", content: thought }, rows, { role: "assistant", content: found }, next],
      ...[{ role: "assistant", content: both }, results],
    ],
    answer: anthropicAnswer(
      "orders-4",
      [{ type: "text", text: "The cart could not be cleared." }],
      "end_turn",
    ),
  }),
  planner({ name: "planning-1", messages: [plan(1)], answer: openAiError("planning-1", 429) }),
  planner({ name: "planning-2", messages: [plan(1)], answer: openAiError("planning-2", 500) }),
  planner({ name: "planning-3", messages: [plan(1)], answer: cutStream("planning-3", "Monday is") }),
  planner({
    name: "planning-4",
    messages: [plan(2)],
    answer: openAiAnswer("planning-4", {
      content: null,
      tool_calls: [{
        id: "call_plan",
        type: "function",
        function: { name: "db", arguments: '{"sql":"SELEC hours FROM shifts WHERE day = 2"}' },
      }],
    }, "tool_calls"),
  }),
  planner({
    name: "planning-5",
    messages: [plan(3)],
    answer: openAiAnswer("planning-5", { content: "Free." }),
  }),
  // Its provider fails for a while.
  ...["ok", "failed", "failed", "failed", "ok", "ok", "ok", "ok"].map((outcome, at) => {
    const name = `nights-${at + 1}`;
    return nightly(
      name,
      outcome === "ok" ? openAiAnswer(name, { content: "Done." }) : openAiError(name, 500),
    );
  }),
];

function plan(day: number) {
  return { role: "user", content: `What is planned for day ${day}?` };
}

function claude({ name, messages, answer, results }: Said): ScriptedCall {
  return {
    name,
    answer,
    results,
    conversation: "orders",
    path: "/agents/coder/providers/anthropic/v1/messages",
    headers: { "x-capstan-tenant": "acme", "x-capstan-user": "kim", "anthropic-version": "2023-06-01" },
    body: {
      model: CLAUDE,
      max_tokens: 1024,
      system: SYSTEM,
      messages,
      tools: ["db", "Bash", "Task"].map(tool),
    },
  };
}

function gpt({ name, messages, answer, results }: Said): ScriptedCall {
  return {
    name,
    answer,
    results,
    conversation: "tickets",
    path: "/agents/support/providers/openai/v1/chat/completions",
    headers: {
      "x-capstan-tenant": "globex",
      "x-capstan-session": "ticket-12",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    body: {
      model: "gpt-4o",
      stream: true,
      stream_options: { include_usage: true },
      messages,
      tools: [gptTool("track")],
    },
  };
}

function planner({ name, messages, answer, results }: Said): ScriptedCall {
  return {
    name,
    answer,
    results,
    conversation: "planning",
    path: "/agents/planner/providers/openai/v1/chat/completions",
    headers: { "x-capstan-tenant": "acme" },
    body: {
      model: "gpt-4o-mini",
      messages,
      tools: [gptTool("db")],
      ...(answer.cut && { stream: true }),
    },
  };
}

/** A program that names no user, but has an API key. */
function nightly(name: string, answer: Answer): ScriptedCall {
  return {
    name,
    answer,
    conversation: "nights",
    path: "/agents/nightly/providers/openai/v1/chat/completions",
    headers: { "x-capstan-tenant": "acme", authorization: "Bearer sk-of-the-night" },
    body: { model: "gpt-4o-mini", messages: [{ role: "user", content: `Tidy up ${name}.` }] },
  };
}
