import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../../../lib/store/open_store.ts";
import { traceTool } from "../../../../plugins/insights/events/traces.ts";
import { INSIGHTS_MIGRATIONS } from "../../../../plugins/insights/migrations.ts";
import type { SourceTurn } from "../../../../plugins/insights/turns/source_turn.ts";
import { pairToolCalls } from "../../../../plugins/insights/turns/tool_spans.ts";
import type { TurnBlock, TurnEvent } from "../../../../plugins/insights/turns/turn_event.ts";
import { turnSpanId } from "../../../../plugins/insights/turns/turn_span.ts";
import { resetToolCalls, type ToolSpanEvent } from "../../../../plugins/insights/turns/waiting_tool_calls.ts";
import { answer, aTurn } from "./a_turn.ts";

const HOUR = 60 * 60 * 1000;

/** Runs batches of turns through the table in a file of its own. */
async function pairs(
  batches: readonly (readonly SourceTurn[])[],
  { between }: { between?: "reset" } = {},
): Promise<ToolSpanEvent[]> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-spans-" });
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    const spans: ToolSpanEvent[] = [];
    for (const turns of batches) {
      spans.push(...await store.write((tx) => pairToolCalls(tx, turns, { part: 2, waitMs: HOUR })));
      if (between === "reset") await store.write((tx) => resetToolCalls(tx, 2));
    }
    for (const span of spans) assert.ok(traceTool.safeParse(span).success, JSON.stringify(span));
    return spans;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const use = (id: string, name = "search"): TurnBlock => ({
  type: "tool_use",
  tool_name: name,
  tool_input: { q: id },
  ...(id && { tool_use_id: id }),
});
const result = (id: string, further: Partial<TurnBlock> = {}): TurnBlock => ({
  type: "tool_result",
  tool_output: "done",
  ...(id && { tool_result_id: id }),
  ...further,
});

function asks(blocks: TurnBlock[], given: Partial<TurnEvent> = {}): SourceTurn {
  return aTurn({ id: "asks", answers: [answer("a", blocks, "tool_use")], ...given });
}

function brings(blocks: TurnBlock[], given: Partial<TurnEvent> = {}): SourceTurn {
  return aTurn({
    id: "brings",
    started_at: "2026-01-02T03:04:10Z",
    ended_at: "2026-01-02T03:04:12Z",
    messages: [{ hash: "b".repeat(64), role: "user", content: blocks }],
    ...given,
  });
}

Deno.test("a tool call's span lasts from the answer that asks to the request that brings the result", async () => {
  const asking = asks([use("toolu_1")]);
  const [span, ...others] = await pairs([[asking], [brings([result("toolu_1")])]]);
  assert.equal(others.length, 0);
  const { data } = span ?? assert.fail("no span");
  assert.deepEqual(
    [data.name, data.started_at, data.ended_at, data.status, data.turn_id, data.result_turn_id],
    ["execute_tool search", "2026-01-02T03:04:07.5005Z", "2026-01-02T03:04:10Z", "ok", "asks", "brings"],
  );
  assert.deepEqual([data.parent_span_id, data.node_hash, data.result_hash], [
    turnSpanId(asking),
    "a".repeat(64),
    "b".repeat(64),
  ]);
});

Deno.test("parallel calls are told apart by their ids, whatever the order of the results", async () => {
  const turns = [asks([use("1", "read"), use("2", "write")]), brings([result("2"), result("1")])];
  const spans = await pairs([turns]);
  assert.deepEqual(spans.map(({ data }) => [data.tool, data.tool_call_id]), [["write", "2"], ["read", "1"]]);
});

Deno.test("calls without ids are paired by tool, oldest first", async () => {
  const spans = await pairs([[
    asks([use("", "read"), use("", "write"), use("", "read")]),
    brings([result("", { tool_name: "read" }), result("", { tool_name: "write" }), result("")]),
  ]]);
  assert.deepEqual(spans.map(({ data }) => data.tool), ["read", "write", "read"]);
  assert.equal(new Set(spans.map(({ data }) => data.span_id)).size, 3);
});

Deno.test("a result that says it failed makes a failed span with the beginning of what the tool said", async () => {
  const failed = result("1", { is_error: true, tool_output: "x".repeat(5_000) });
  const [span] = await pairs([[asks([use("1")]), brings([failed])]]);
  assert.deepEqual([span?.data.status, span?.data.error?.length], ["error", 1_000]);
});

Deno.test("a result of another conversation, or asked for by nobody, gives no span", async () => {
  const turns = [asks([use("1")]), brings([result("1")], { conversation: "other" }), brings([result("9")])];
  assert.deepEqual(await pairs([turns]), []);
});

Deno.test("a call without a result for too long gives a failed span of its own tenant and time", async () => {
  const later = brings([], {
    tenant: "other",
    conversation: "other",
    started_at: "2026-01-02T04:04:08Z",
    ended_at: "2026-01-02T04:04:08Z",
  });
  const [span, ...others] = await pairs([[asks([use("1")])], [later], [brings([result("1")])]]);
  assert.equal(others.length, 0);
  assert.deepEqual([span?.tenant_id, span?.data.status, span?.data.error, span?.timestamp], [
    "acme",
    "error",
    "no result came",
    "2026-01-02T04:04:07.500Z",
  ]);
});

Deno.test("a turn derived again asks once, under its new revision", async () => {
  const turns = [asks([use("1")]), asks([use("1")], { revision: 2 }), brings([result("1")])];
  const spans = await pairs([turns, [brings([result("1")])]]);
  assert.deepEqual(spans.map(({ data }) => data.revision), [2]);
});

Deno.test("a reset forgets the partition's calls", async () => {
  assert.deepEqual(await pairs([[asks([use("1")])], [brings([result("1")])]], { between: "reset" }), []);
});

Deno.test("a clock that was set back gives no span that ends before it starts", async () => {
  const early = brings([result("1")], { started_at: "2026-01-02T03:04:07Z" });
  const [span] = await pairs([[asks([use("1")]), early]]);
  assert.equal(span?.data.ended_at, span?.data.started_at);
});
