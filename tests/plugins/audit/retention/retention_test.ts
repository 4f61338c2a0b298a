import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestAgent, type TestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { addHold, liftHold } from "../../../../plugins/audit/retention/change_holds.ts";
import { dueRetention } from "../../../../plugins/audit/retention/due_retention.ts";

import { removeRecords } from "../../../../plugins/audit/retention/remove_records.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";

const DAY = 86_400_000;

const turn = (number: number, user: string) => ({
  schema: "tapes.turn.v1",
  id: `turn-${number}`,
  revision: 1,
  conversation: "c",
  user,
  outcome: "complete",
  started_at: "2026-01-02T03:04:05Z",
  ended_at: "2026-01-02T03:04:06Z",
});

async function verified(agent: TestAgent): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "capstan-key-"));
  try {
    const key = join(folder, "trail.vkey");
    await writeFile(key, (await agent.command("audit key")).stdout);
    const { stdout, stderr, code } = await agent.command("audit verify", [], { key });
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const kept = (agent: TestAgent) =>
  agent.store.read((db) =>
    db.all<{ seq: number; kind: string }>("SELECT seq, kind FROM audit_records ORDER BY seq")
  );

Deno.test("old records go under a signed anchor from which the trail verifies; a hold keeps them until it is lifted", async () => {
  await using agent = await openTestAgent(audit, { now: Date.now() });
  const values = Array.from({ length: 30 }, (_, at) => ({ value: turn(at, at === 10 ? "held" : "other") }));
  await agent.deliver("tapes.turns.v1", values);
  const before = kept(agent).length;
  assert.equal((await agent.command("audit retain")).code, 2);
  assert.match((await agent.command("audit retain", [], { before: "2020-01-01" })).stdout, /^0 records/);
  const { stdout: hold } = await agent.command("audit hold add", [], { user: "held", reason: "case" });
  const heldAt =
    agent.store.read((db) =>
      db.get<{ seq: number }>("SELECT seq FROM audit_records WHERE request_id = 'turn-10'")
    )?.seq ?? 0;
  const first = await agent.command("audit retain", [], { before: "2999-01-01" });
  assert.equal(first.stdout, `${heldAt} records were removed.\n`, first.stderr);
  assert.equal(kept(agent)[0]?.seq, heldAt);
  await verified(agent);
  await agent.command("audit hold lift", [hold.trim()], { reason: "over" });
  const second = await agent.command("audit retain", [], { before: "2999-01-01" });
  assert.equal(second.code, 0, second.stderr);
  assert.ok(kept(agent).length < 4 && kept(agent)[0]!.seq >= before);
  await verified(agent);
  await agent.deliver("tapes.turns.v1", [{ value: turn(99, "later") }]);
  await agent.restart();
  await verified(agent);
});

Deno.test("a running agent removes what is older than its retention: announced, signed, then gone", async () => {
  await using agent = await openTestAgent(audit, { config: { retention: "1d" }, now: Date.now() + 3 * DAY });
  await agent.deliver("tapes.turns.v1", Array.from({ length: 20 }, (_, at) => ({ value: turn(at, "ann") })));
  const count = kept(agent).length;
  // Checkpoints are signed, and written to their file, beside the clock.
  for (let look = 0; look < 500 && kept(agent)[0]!.seq < 19; look++) {
    await agent.clock.advance(61_000);
    await agent.settled();
  }
  assert.ok(kept(agent)[0]!.seq >= 19, JSON.stringify(kept(agent)));
  assert.ok(kept(agent).some(({ kind }) => kind === "retention"));
  assert.ok(count > 20);
  await verified(agent);
  assert.equal(agent.store.read((db) => dueRetention(db, { beforeMs: 0 })), undefined);
});

Deno.test("a hold that comes between a removal's record and the removal keeps the records until it is lifted", async () => {
  const folder = await mkdtemp(join(tmpdir(), "capstan-retention-"));
  try {
    await using store = await openStore({ file: join(folder, "trail.sqlite") });
    await store.migrate("audit", AUDIT_MIGRATIONS);
    const id = await store.write((tx) => {
      for (let seq = 0; seq < 11; seq++) {
        tx.run(
          "INSERT INTO audit_records (seq, time_ms, kind, tenant, source, record) VALUES (?, 0, 'log', 't', ?, x'00')",
          seq,
          seq === 10 ? "retention:0000000000000005" : null,
        );
      }
      tx.run("INSERT INTO audit_checkpoints VALUES (11, 0, x'00', '')");
      return addHold(tx, { tenant: "t", reason: "case", actor: "cli", now: 0 }).id;
    });
    assert.equal(await store.write(removeRecords), 0);
    await store.write((tx) => void liftHold(tx, { id, reason: "over", actor: "cli", now: 1 }));
    assert.equal(await store.write(removeRecords), 5);
    assert.equal(await store.write(removeRecords), 0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
