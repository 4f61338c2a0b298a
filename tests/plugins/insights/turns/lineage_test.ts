import assert from "node:assert/strict";
import { queryLineage } from "../../../../plugins/insights/events/lineage.ts";
import { openSqlAnalyser } from "../../../../plugins/insights/sql/analyser.ts";
import { lineageOf } from "../../../../plugins/insights/turns/lineage.ts";
import type { SourceTurn } from "../../../../plugins/insights/turns/source_turn.ts";
import { answer, aTurn } from "./a_turn.ts";

const LIMITS = { maxStatements: 200, maxStrings: 1_000 };

async function lineage(turn: SourceTurn, limits = LIMITS) {
  using analyser = openSqlAnalyser();
  const found = await lineageOf(turn, analyser, limits);
  for (const event of found.events) assert.deepEqual(queryLineage.parse(event), event);
  return found;
}

Deno.test("SQL in a turn's tool results, answers and tool inputs gives an event each, with where it was found", async () => {
  const { events, omitted } = await lineage(aTurn({
    messages: [{
      hash: "e".repeat(64),
      role: "tool",
      content: [{
        type: "tool_result",
        tool_result_id: "call_0",
        tool_name: "schema",
        tool_output: "CREATE VIEW late AS SELECT id FROM orders WHERE due < 5",
      }],
    }],
    answers: [answer("a", [
      { type: "text", text: "This is it:\n\n```sql\nSELECT id FROM users;\nDELETE FROM old\n```\n" },
      {
        type: "tool_use",
        tool_name: "db",
        tool_use_id: "call_1",
        tool_input: { sql: "INSERT INTO t (a) SELECT b FROM s WHERE c = 1", dialect: "mysql" },
      },
    ])],
  }));
  assert.equal(omitted, 0);
  assert.deepEqual(
    events.map(({ data }) => [
      data.index,
      data.found_in,
      data.tool,
      data.node_hash?.[0],
      data.path,
      data.statement_kind,
      data.reads.map(({ name }) => name),
      data.writes.map(({ name }) => name),
    ]),
    [
      [0, "tool_result", "schema", "e", undefined, "create_view", ["orders"], ["late"]],
      [1, "answer", undefined, "a", undefined, "select", ["users"], []],
      [2, "answer", undefined, "a", undefined, "delete", [], ["old"]],
      [3, "tool_input", "db", "a", "/sql", "insert_select", ["s"], ["t"]],
    ],
  );
  assert.equal(events[3]?.data.dialect, "mysql");
  assert.equal(new Set(events.map(({ event_id }) => event_id)).size, 4);
  assert.deepEqual(events[0]?.data.turn_id, "0190-turn");
});

Deno.test("SQL that can't be parsed gives an event that says why and where", async () => {
  const { events: [event] } = await lineage(aTurn({
    answers: [
      answer("a", [{ type: "tool_use", tool_name: "db", tool_input: { sql: "SELECT FROM FROM x(" } }]),
    ],
  }));
  assert.equal(event?.data.parsed, false);
  assert.match(event?.data.reason ?? "", /\(line 1, column \d+\)$/);
  assert.deepEqual([event?.data.reads, event?.data.writes], [[], []]);
});

Deno.test("what is beyond the limit is counted, and the last event of the turn says so", async () => {
  const { events, omitted } = await lineage(
    aTurn({
      answers: [answer("a", [
        { type: "tool_use", tool_name: "db", tool_input: { sql: "SELECT 1; SELECT 2; SELECT 3; SELECT 4" } },
        { type: "tool_use", tool_name: "db", tool_input: { sql: ["SELECT 5", "SELECT 6"] } },
      ])],
    }),
    { ...LIMITS, maxStatements: 3 },
  );
  assert.deepEqual(events.map(({ data }) => data.omitted), [undefined, undefined, 3]);
  assert.equal(omitted, 3);
});

Deno.test("a turn without SQL gives nothing, and a long statement goes without its text", async () => {
  assert.deepEqual(
    (await lineage(aTurn({ answers: [answer("a", [{ type: "text", text: "Hello." }])] }))).events,
    [],
  );
  const columns = Array.from({ length: 4_000 }, (_, n) => `column_${n}`).join(", ");
  const { events: [event] } = await lineage(aTurn({
    answers: [answer("a", [{ type: "tool_use", tool_input: { sql: `SELECT ${columns} FROM wide` } }])],
  }));
  assert.equal(event?.data.normalised, undefined);
  assert.equal(event?.data.reads[0]?.columns.length, 4_000);
});
