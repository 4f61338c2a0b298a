import assert from "node:assert/strict";
import { openTestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";

Deno.test("turns of the ledger without a record are told by metric and health, and none are once it has caught up", async () => {
  await using agent = await openTestAgent(audit);
  const turn = (id: string) => ({
    schema: "tapes.turn.v1",
    id,
    revision: 1,
    conversation: "c",
    outcome: "complete",
    started_at: "2026-01-02T03:04:05Z",
    ended_at: "2026-01-02T03:04:06Z",
  });
  const waiting = () => agent.metrics("turns_without_record");
  assert.equal(await waiting(), 0);
  await agent.store.write((tx) => {
    tx.run("CREATE TABLE a_ledger (id INTEGER PRIMARY KEY, call_id TEXT)");
    tx.run("INSERT INTO a_ledger VALUES (1, 't-1'), (2, 't-2'), (3, 't-3')");
    tx.run("CREATE VIEW tapes_turns_v1 AS SELECT * FROM a_ledger");
  });
  assert.equal(await waiting(), 3);
  await agent.deliver("tapes.turns.v1", [{ value: turn("t-1") }, { value: turn("t-3") }]);
  assert.equal(await waiting(), 1);
  assert.equal(agent.health().audit?.figures?.turns_without_record, 1);
  await agent.restart();
  assert.equal(await waiting(), 1);
  await agent.deliver("tapes.turns.v1", [{ value: turn("t-2") }]);
  assert.equal(await waiting(), 0);
  assert.equal(await agent.metrics("records"), 4);
});

Deno.test("turns from before the trail are not waited for", async () => {
  await using agent = await openTestAgent(audit);
  await agent.store.write((tx) => {
    tx.run("CREATE TABLE a_ledger (id INTEGER PRIMARY KEY, call_id TEXT)");
    tx.run("INSERT INTO a_ledger VALUES (1, 't-1'), (2, 't-2')");
    tx.run("CREATE VIEW tapes_turns_v1 AS SELECT * FROM a_ledger");
    tx.run("UPDATE audit_writer SET turns_from = NULL");
  });
  await agent.restart();
  assert.equal(await agent.metrics("turns_without_record"), 0);
  await agent.store.write((tx) => tx.run("INSERT INTO a_ledger VALUES (3, 't-3')"));
  assert.equal(await agent.metrics("turns_without_record"), 1);
});

Deno.test("a trail that is further behind than max_turns_behind degrades health, which says how far", async () => {
  await using agent = await openTestAgent(audit, { config: { max_turns_behind: 2 } });
  await agent.store.write((tx) => {
    tx.run("CREATE TABLE a_ledger (id INTEGER PRIMARY KEY, call_id TEXT)");
    tx.run("INSERT INTO a_ledger VALUES (1, 't-1'), (2, 't-2')");
    tx.run("CREATE VIEW tapes_turns_v1 AS SELECT * FROM a_ledger");
  });
  assert.deepEqual([agent.health().audit?.status, agent.health().audit?.detail], ["ok", undefined]);
  await agent.store.write((tx) => tx.run("INSERT INTO a_ledger VALUES (3, 't-3')"));
  const { status, detail, figures } = agent.health().audit ?? {};
  assert.equal(status, "degraded");
  assert.equal(detail, "3 recorded calls have no record yet, more than max_turns_behind = 2");
  assert.equal(figures?.turns_without_record, 3);
  await agent.store.write((tx) => tx.run("DELETE FROM a_ledger WHERE id = 1"));
  assert.equal(agent.health().audit?.status, "ok");
});
