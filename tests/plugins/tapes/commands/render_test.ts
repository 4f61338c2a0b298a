import assert from "node:assert/strict";
import fc from "fast-check";
import { renderDialogue } from "../../../../plugins/tapes/commands/render_dialogue.ts";
import { renderLog } from "../../../../plugins/tapes/commands/render_log.ts";
import { grouped, oneLine, placesOf, wrap } from "../../../../plugins/tapes/commands/text.ts";
import type { Line } from "../../../../plugins/tapes/ledger/dialogue.ts";
import { assertGolden } from "./golden_text.ts";

const paper = (columns: number) => ({ columns, room: columns, colours: false });
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
  await assertGolden(renderDialogue(DIALOGUE, { paper: paper(60) }), "show.txt");
});

Deno.test("show renders colours on a terminal, and everything with --full", async () => {
  await assertGolden(
    renderDialogue(DIALOGUE, { paper: { ...paper(60), colours: true }, full: true }),
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
  const summaries = [
    {
      source: "turns" as const,
      ...summary,
      conversation: "0198f3c2-7a10-7000-8000-000000000000",
      agent: "claude",
      model: "claude-sonnet-4-5-20250929",
      turns: 12,
      total_tokens: 1234567,
      preview:
        "Please have a look at the test that fails since yesterday and tell me why it does, in a sentence or two",
    },
    {
      source: "turns" as const,
      ...summary,
      conversation: "nightly-report",
      agent: null,
      model: null,
      turns: 3,
      failed: 1,
      total_tokens: 0,
      preview: null,
    },
  ];
  for (const columns of [60, 80, 120]) {
    await assertGolden(renderLog(summaries, paper(columns)), `log_${columns}.txt`);
  }
  const piped = renderLog(summaries, { columns: 80, room: Infinity, colours: false });
  assert.equal(piped.split("\n")[0], renderLog(summaries, paper(120)).split("\n")[0]);
});

Deno.test("log fits into a terminal of any width from 60 on", () => {
  const text = fc.option(fc.string({ unit: "grapheme", maxLength: 60 }));
  const summary = fc.record({
    ...{ agent: text, model: text, preview: text, conversation: fc.uuid({ version: 7 }) },
    failed: fc.nat(9),
    turns: fc.nat(99),
    total_tokens: fc.nat(999_999),
  });
  fc.assert(fc.property(fc.array(summary), fc.integer({ min: 60, max: 200 }), (found, width) => {
    const rest = { source: "turns", tenant: null, started_at: 0, ended_at: 0 } as const;
    const all = found.map((each) => ({ ...rest, ...each, prompt_tokens: 0, completion_tokens: 0 }));
    for (const line of renderLog(all, paper(width)).split("\n")) {
      assert.ok(placesOf(line) <= width, JSON.stringify(line));
    }
  }));
});

Deno.test("oneLine() and wrap() give characters of East Asia two places", () => {
  assert.equal(placesOf("日本 ok"), 7);
  assert.equal(oneLine("日本語です", 6), "日本…");
  assert.deepEqual(wrap("日本語 です", 6), ["日本語", "です"]);
});

Deno.test("wrap() keeps every visible character and never exceeds the width", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 2, max: 40 }), (text, width) => {
    const lines = wrap(text, width);
    for (const line of lines) assert.ok(placesOf(line) <= width, JSON.stringify(line));
    assert.equal(lines.join("").replace(/\s/g, ""), wrap(text, 1e9).join("").replace(/\s/g, ""));
  }));
});

Deno.test("grouped() writes figures for people", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
});
