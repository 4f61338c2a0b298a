import assert from "node:assert/strict";
import { join } from "node:path";
import type { Erasure, Transaction } from "capstan";
import { openStore } from "../../../lib/store/open_store.ts";
import { TAPES_MIGRATIONS } from "../../../plugins/tapes/ledger/migrations.ts";
import { eraseFromInsights } from "../../../plugins/insights/erase.ts";
import { JoinedRows } from "../../../plugins/insights/feedback/joined_rows.ts";
import type { ToolSpan } from "../../../plugins/insights/events/traces.ts";
import { INSIGHTS_MIGRATIONS } from "../../../plugins/insights/migrations.ts";
import { decisionEvents } from "../../../plugins/insights/turns/decisions.ts";
import { turnSpanEvent } from "../../../plugins/insights/turns/turn_span.ts";
import type { TurnEvent } from "../../../plugins/insights/turns/turn_event.ts";
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

/** A user as a turn names them; who is named by their API key is not. */
function turnOf(who: string, letter: string, tenant = "acme", given: Partial<TurnEvent> = {}) {
  const user = who.startsWith("key:") ? undefined : who;
  return aTurn({
    id: `t-${who}-${tenant}`,
    tenant,
    user,
    api_key_fingerprint: user === undefined ? who.slice("key:".length) : "of-all",
    answers: [answer(letter, [{ type: "text", text: who }])],
    ...given,
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

function fill(tx: Transaction, who: string): void {
  for (const turn of [turnOf(who, "a"), turnOf("bea", "b"), turnOf(who, "c", "other")]) {
    new JoinedRows(tx, { part: 0, tenant: turn.tenant, sinceMs: 0 }).addTurn(turnSpanEvent(turn));
    new WaitingToolCalls(tx, 0).add({
      conversation: turn.event.id,
      callId: "c1",
      tool: "search",
      turnId: turn.event.id,
      askedMs: 1,
      asked: turn.derive({ type: "trace.tool", data: toolSpan }),
    });
  }
  const rows = new JoinedRows(tx, { part: 0, tenant: "acme", sinceMs: 0 });
  rows.addFeedback(feedback("on-anns", { letter: "a", by: "bea" }));
  rows.addFeedback(feedback("by-them", { letter: "b", by: who }));
  rows.addFeedback(feedback("beas", { letter: "b", by: "bea" }));
  const evidence = JSON.stringify([[1, "a".repeat(64)], [2, "b".repeat(64)]]);
  tx.run("INSERT INTO insights_rule_panes VALUES ('s', 0, 'r', 0, 'acme', 'g', 1, 0, 0, '[]', ?)", evidence);
  tx.run("INSERT INTO insights_rule_sessions VALUES ('s', 0, 'r', 'acme', 'g', 0, 1, ?, 0)", "a".repeat(64));
  tx.run(
    "INSERT INTO insights_rule_counted VALUES ('s', 0, 'acme', 'f1', 0, ?), ('s', 0, 'acme', 'f2', 0, ?)",
    ...["a", "b"].map((letter) =>
      JSON.stringify({ rating: 1, tools_used: [], answer_hash: letter.repeat(64) })
    ),
  );
  tx.run(
    "INSERT INTO insights_open VALUES ('s', 0, 'r', 'acme', 'g', 1, ?)",
    JSON.stringify({ rule: "r", evidence: ["b".repeat(64), "a".repeat(64)] }),
  );
}

for (
  const [whose, who] of [["a person's", "ann"], ["a nameless caller's", "key:0123456789abcdef"]] as const
) {
  Deno.test(`insights forget ${whose} turns, feedback, tool calls, events and nodes shown, and nothing of others`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "capstan-erase-" });
    try {
      await using store = await openStore({ file: join(folder, "t.sqlite") });
      await store.migrate("insights", INSIGHTS_MIGRATIONS);
      await store.write((tx) => fill(tx, who));
      const decision = decisionEvents(
        turnOf(who, "a", "acme", {
          id: "t-x",
          answers: [answer("a", [{ type: "tool_use", tool_name: "f", tool_use_id: "1", tool_input: {} }])],
        }),
        new Set(),
      )[0];
      const events = [
        decision,
        feedback("on-anns", { letter: "a", by: "bea" }),
        feedback("beas", { letter: "b", by: "bea" }),
        { ...feedback("by-them", { letter: "b", by: who }), tenant_id: "other" },
        { tenant_id: "acme", data: { turn_id: `t-${who}-acme` } },
        { tenant_id: "acme", data: { turn_id: "t-bea-acme" } },
        null,
      ];
      const matched = new Map<string, boolean[]>();
      const erasure: Erasure = {
        subject: { tenant: "acme", user: who },
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
        evidence: 4,
      });
      assert.equal(matched.size, 9);
      assert.deepEqual(matched.get("p.audit-events"), [true, true, false, false, true, false, false]);
      const left = store.read((db) => TABLES.flatMap((table) => db.all(`SELECT * FROM ${table}`)));
      assert.ok(!JSON.stringify(left).includes(`t-${who}-acme`));
      assert.ok(!JSON.stringify(left).includes("by-them"));
      assert.equal(left.filter((row) => JSON.stringify(row).includes(`t-${who}-other`)).length, 3);
      assert.equal(left.filter((row) => JSON.stringify(row).includes("t-bea-acme")).length, 3);
      const shown = store.read((db) =>
        ["insights_rule_panes", "insights_rule_sessions", "insights_rule_counted", "insights_open"].flatMap((
          table,
        ) => db.all(`SELECT * FROM ${table}`))
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
}

Deno.test("events that name nobody go with the ledger's turns of a caller that is known by the API key", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-erase-" });
  try {
    await using store = await openStore({ file: join(folder, "t.sqlite") });
    await store.migrate("tapes", TAPES_MIGRATIONS);
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    await store.write((tx) =>
      [["theirs", "0123456789abcdef"], ["others", "fedcba9876543210"]].forEach(([id = "", key = ""]) =>
        void tx.run(
          `INSERT INTO turns (call_id, started_at, ended_at, method, target, provider, provider_type, conversation,
             outcome, request_messages, new_messages, request_bytes, response_bytes, api_key_fingerprint, head_hash,
             other_answers)
           VALUES (?, 0, 0, 'POST', '/', 'p', 'openai', 'c', 'complete', 1, 1, 0, 0, ?, ?, ?)`,
          ...[id, key, `head-${id}`, JSON.stringify([`other-${id}`])],
        )
      )
    );
    const on = (node_hash: string) => ({ target: { node_hash }, rating: 1 });
    const events = [
      { turn_id: "theirs" },
      on("head-theirs"),
      on("other-theirs"),
      { turn_id: "others" },
      on("head-others"),
    ];
    const matched: boolean[][] = [];
    await eraseFromInsights({ topic_prefix: "" })(
      {
        subject: { tenant: "default", user: "key:0123456789abcdef" },
        store,
        signal: new AbortController().signal,
        emptyRecords: (_: string, matches: (record: unknown) => boolean) => {
          matched.push(events.map((data) => matches({ data: { tenant_id: "default", data } })));
          return Promise.resolve(0);
        },
      } as never,
    );
    assert.deepEqual(matched[0], [true, true, true, false, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
