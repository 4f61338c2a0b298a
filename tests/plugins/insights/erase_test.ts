import assert from "node:assert/strict";
import { join } from "node:path";
import type { Erasure, Transaction } from "capstan";
import { openStore } from "../../../lib/store/open_store.ts";
import { eraseFromInsights } from "../../../plugins/insights/erase.ts";
import { JoinedRows } from "../../../plugins/insights/feedback/joined_rows.ts";
import type { ToolSpan } from "../../../plugins/insights/events/traces.ts";
import { INSIGHTS_MIGRATIONS } from "../../../plugins/insights/migrations.ts";
import { decisionEvents } from "../../../plugins/insights/turns/decisions.ts";
import { turnSpanEvent } from "../../../plugins/insights/turns/turn_span.ts";
import { WaitingToolCalls } from "../../../plugins/insights/turns/waiting_tool_calls.ts";
import { answer, aTurn } from "./turns/a_turn.ts";

const toolSpan: ToolSpan = {
  turn_id: "t",
  trace_id: "1".repeat(32),
  span_id: "2".repeat(16),
  name: "execute_tool search",
  kind: "internal",
  tool: "search",
  started_at: "2026-01-02T03:04:05Z",
  ended_at: "2026-01-02T03:04:05Z",
  status: "ok",
  attributes: {},
};
const TABLES = ["insights_turns", "insights_turn_names", "insights_feedback", "insights_tool_calls"];

function turnOf(user: string, letter: string, tenant = "acme") {
  return aTurn({
    id: `t-${user}-${tenant}`,
    tenant,
    user,
    answers: [answer(letter, [{ type: "text", text: user }])],
  });
}

function feedback(id: string, of: { letter: string; by: string }) {
  return {
    event_id: `evt-${id}`,
    event_type: "feedback.submitted",
    tenant_id: "acme",
    timestamp: "2026-01-02T03:05:00Z",
    source: "app",
    data: { target: { node_hash: of.letter.repeat(64) }, rating: 1, user: of.by, comment: id },
  };
}

function fill(tx: Transaction): void {
  for (const turn of [turnOf("ann", "a"), turnOf("bea", "b"), turnOf("ann", "c", "other")]) {
    new JoinedRows(tx, 0, turn.tenant).addTurn(turnSpanEvent(turn));
    new WaitingToolCalls(tx, 0).add({
      conversation: turn.event.id,
      callId: "c1",
      tool: "search",
      turnId: turn.event.id,
      askedMs: 1,
      asked: turn.derive({ type: "trace.tool", data: toolSpan }),
    });
  }
  const rows = new JoinedRows(tx, 0, "acme");
  rows.addFeedback(feedback("on-anns", { letter: "a", by: "bea" }));
  rows.addFeedback(feedback("by-ann", { letter: "b", by: "ann" }));
  rows.addFeedback(feedback("beas", { letter: "b", by: "bea" }));
  const evidence = JSON.stringify([[1, "a".repeat(64)], [2, "b".repeat(64)]]);
  tx.run("INSERT INTO insights_rule_panes VALUES ('s', 0, 'r', 0, 'acme', 'g', 1, 0, 0, '[]', ?)", evidence);
  tx.run("INSERT INTO insights_rule_sessions VALUES ('s', 0, 'r', 'acme', 'g', 0, 1, ?, 0)", "a".repeat(64));
  tx.run(
    "INSERT INTO insights_open VALUES ('s', 0, 'r', 'acme', 'g', 1, ?)",
    JSON.stringify({ rule: "r", evidence: ["b".repeat(64), "a".repeat(64)] }),
  );
}

Deno.test("insights forget a person's turns, feedback, tool calls, events and nodes shown, and nothing of others", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-erase-" });
  try {
    await using store = await openStore({ file: join(folder, "t.sqlite") });
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    await store.write(fill);
    const decision = decisionEvents(
      aTurn({
        id: "t-x",
        user: "ann",
        answers: [answer("a", [{ type: "tool_use", tool_name: "f", tool_use_id: "1", tool_input: {} }])],
      }),
      new Set(),
    )[0];
    const events = [
      decision,
      feedback("on-anns", { letter: "a", by: "bea" }),
      feedback("beas", { letter: "b", by: "bea" }),
      { ...feedback("by-ann", { letter: "b", by: "ann" }), tenant_id: "other" },
      { tenant_id: "acme", data: { turn_id: "t-ann-acme" } },
      { tenant_id: "acme", data: { turn_id: "t-bea-acme" } },
      null,
    ];
    const matched = new Map<string, boolean[]>();
    const erasure: Erasure = {
      subject: { tenant: "acme", user: "ann" },
      store,
      signal: new AbortController().signal,
      show: () => Promise.resolve(),
      emptyRecords: (topic, matches) => {
        const record = {
          topic,
          partition: 0,
          offset: 0,
          key: null,
          keyText: null,
          value: null,
          headers: [],
          timestamp: 0,
        };
        matched.set(
          topic,
          events.map((data) => store.read((db) => matches({ ...record, data }, db))),
        );
        return Promise.resolve(1);
      },
    };
    const { removed } = await eraseFromInsights({ topic_prefix: "p." })(erasure);
    assert.deepEqual(removed, {
      events: 9,
      feedback: 2,
      tool_calls: 1,
      turn_names: 1,
      turns: 1,
      evidence: 3,
    });
    assert.equal(matched.size, 9);
    assert.deepEqual(matched.get("p.audit-events"), [true, true, false, false, true, false, false]);
    const left = store.read((db) => TABLES.flatMap((table) => db.all(`SELECT * FROM ${table}`)));
    assert.ok(!JSON.stringify(left).includes("t-ann-acme"));
    assert.ok(!JSON.stringify(left).includes("by-ann"));
    assert.equal(left.filter((row) => JSON.stringify(row).includes("t-ann-other")).length, 3);
    assert.equal(left.filter((row) => JSON.stringify(row).includes("t-bea-acme")).length, 3);
    const shown = store.read((db) =>
      ["insights_rule_panes", "insights_rule_sessions", "insights_open"].flatMap((table) =>
        db.all(`SELECT * FROM ${table}`)
      )
    );
    assert.ok(!JSON.stringify(shown).includes("aaaa"));
    assert.ok(JSON.stringify(shown).includes("bbbb"));
    const again = await eraseFromInsights({ topic_prefix: "" })(
      { ...erasure, emptyRecords: () => Promise.resolve(0) } as never,
    );
    assert.ok(Object.values(again.removed).every((count) => count === 0));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
