import assert from "node:assert/strict";
import fc from "fast-check";
import { renderDialogue } from "../../../../plugins/tapes/commands/render_dialogue.ts";
import { renderLog } from "../../../../plugins/tapes/commands/render_log.ts";
import { grouped, wrap } from "../../../../plugins/tapes/commands/text.ts";
import type { Line } from "../../../../plugins/tapes/ledger/dialogue.ts";
import { assertGolden } from "./golden_text.ts";

const hash = (char: string) => char.repeat(64);
const time = "2026-11-20 23:16:26.54295691+00:00";

const DIALOGUE: readonly Line[] = [
  {
    kind: "system",
    hash: hash("a"),
    content: [{ type: "text", text: "You are a careful assistant.\nBe brief." }],
  },
  {
    kind: "message",
    hash: hash("b"),
    role: "user",
    model: "claude-sonnet-4-5",
    time,
    content: [
      {
        type: "text",
        text:
          "What is the weather in Paris, and would you say that one needs an umbrella there on an ordinary day in November?",
      },
      { type: "image", image_base64: "QUJD".repeat(1000), media_type: "image/png" },
    ],
  },
  {
    kind: "message",
    hash: hash("c"),
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    time,
    content: [
      { type: "thinking", thinking: "I should look it up.", signature: "SIG" },
      { type: "text", text: "Let me look.\n\tOne moment." },
      { type: "tool_use", tool_use_id: "t1", tool_name: "get_weather", tool_input: { city: "Paris" } },
    ],
    stop_reason: "tool_use",
    usage: { prompt_tokens: 1200, completion_tokens: 34, total_tokens: 1234 },
  },
  {
    kind: "message",
    hash: hash("d"),
    role: "user",
    model: "claude-sonnet-4-5",
    time,
    content: [
      {
        type: "tool_result",
        tool_result_id: "t1",
        tool_output: Array.from({ length: 20 }, (_, at) => `line ${at + 1}`).join("\n"),
      },
      { type: "tool_result", tool_result_id: "t2", tool_output: "no such city", is_error: true },
    ],
  },
  {
    kind: "message",
    hash: hash("e"),
    role: "assistant",
    model: "m",
    time,
    content: null,
    stop_reason: "end_turn",
  },
  {
    kind: "failure",
    call_id: "00000000-0001-7000-8000-000000000000",
    started_at: Date.UTC(2026, 10, 20, 23, 20),
    status: 529,
    outcome: "complete",
    reason: "status",
    detail: "the provider answered 529: Overloaded",
    preview: "And tomorrow?",
  },
  {
    kind: "message",
    hash: hash("f"),
    role: "assistant",
    model: "m",
    time,
    content: [{ type: "text", text: "\u001b[2Jhidden\u0007" }, { type: "server_tool", name: "search", n: 1 }],
  },
];

Deno.test("show renders a conversation: roles, wrapped text, tools, thinking, failures", async () => {
  await assertGolden(renderDialogue(DIALOGUE, { paper: { columns: 60, colours: false } }), "show.txt");
});

Deno.test("show renders colours on a terminal, and everything with --full", async () => {
  await assertGolden(
    renderDialogue(DIALOGUE, { paper: { columns: 60, colours: true }, full: true }),
    "show_full_colours.txt",
  );
});

Deno.test("log renders conversations as a table with their first words", async () => {
  const summary = {
    tenant: null,
    started_at: Date.UTC(2026, 10, 20, 23, 16),
    ended_at: Date.UTC(2026, 10, 20, 23, 17),
    failed: 0,
    prompt_tokens: 10,
    completion_tokens: 5,
  };
  const text = renderLog([
    {
      source: "turns",
      ...summary,
      conversation: "0198f3c2-7a10-7000-8000-000000000000",
      agent: "claude",
      model: "claude-sonnet-4-5",
      turns: 12,
      total_tokens: 1234567,
      preview:
        "Please have a look at the test that fails since yesterday and tell me why it does, in a sentence or two",
    },
    {
      source: "turns",
      ...summary,
      conversation: "nightly-report",
      agent: null,
      model: null,
      turns: 3,
      failed: 1,
      total_tokens: 0,
      preview: null,
    },
  ], { columns: 80, colours: false });
  await assertGolden(text, "log.txt");
});

Deno.test("wrap() keeps every visible character and never exceeds the width", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, width) => {
    const lines = wrap(text, width);
    for (const line of lines) assert.ok(Array.from(line).length <= width, JSON.stringify(line));
    assert.equal(lines.join("").replace(/\s/g, ""), wrap(text, 1e9).join("").replace(/\s/g, ""));
  }));
});

Deno.test("grouped() writes figures for people", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
});
