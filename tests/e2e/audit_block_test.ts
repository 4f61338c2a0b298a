import assert from "node:assert/strict";
import { type Agent, startAgent } from "./agent.ts";
import { writeConfig } from "./config.ts";
import { lockFile } from "./lock_file.ts";
import { metric } from "./metric.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { readTrail } from "./trail.ts";
import { haveTurns } from "./turns.ts";
import { until } from "./until.ts";

const DISTANCE = "capstan_audit_turns_without_record";
const AUDIT = "[plugins.audit]\nenabled = true";

/** What health says of the trail. */
async function figures(agent: Agent): Promise<Record<string, number>> {
  const { parts } = await (await fetch(`${agent.admin}/healthz`)).json();
  return parts.audit.figures;
}

/** Fails unless each of the answered calls has a record, and each turn of the ledger, once. */
async function assertRecorded(dir: string, answered: readonly string[]): Promise<void> {
  const { records, turns } = await readTrail(dir);
  const proxied = records.filter(({ record }) => record.kind === "turn");
  assert.deepEqual(proxied.map(({ record }) => record.facts.turn).toSorted(), turns.toSorted());
  const prompts = new Set(proxied.map(({ content }) => content?.prompt));
  assert.deepEqual(answered.filter((text) => !prompts.has(text)), []);
}

Deno.test("on_storage_failure = block: each answer that was delivered has its record, whatever the disk did, after kill -9, too", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tapes = 'commit_timeout = "3s"\non_storage_failure = "block"';
  await writeConfig(dir.path, { upstream: upstream.origin, tapes, tables: AUDIT });
  const answered: string[] = [];
  {
    await using agent = await startAgent({ dir: dir.path });
    const have = (name: string, count: number) =>
      haveTurns({ origin: agent.proxy, name, count, concurrency: 8 });
    answered.push(...(await have("before", 40)).answered);
    assert.equal(answered.length, 40);
    {
      using _lock = lockFile(`${dir.path}/capstan.sqlite`);
      const locked = await have("locked", 40);
      assert.deepEqual(locked.answered, [], "an answer went out that is not on the disk");
      assert.equal(locked.failed.length, 40);
    }
    await until(async () => (await have("after", 1)).answered.length === 1 || undefined);
    const cut = await haveTurns({
      origin: agent.proxy,
      name: "cut",
      count: 400,
      concurrency: 16,
      onAnswered: (count) => void (count === 120 && agent.kill()),
    });
    assert.ok(cut.answered.length >= 120 && cut.answered.length < 400, `${cut.answered.length} answered`);
    answered.push(...cut.answered);
  }
  await using agent = await startAgent({ dir: dir.path });
  await until(async () => await metric(agent, DISTANCE) === 0 || undefined);
  assert.equal(await agent.stop(), 0, agent.said());
  await assertRecorded(dir.path, answered);
});

Deno.test("turns whose records are late are told by metric and health, and have them after kill -9 and a restart", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: AUDIT });
  let answered: string[];
  {
    await using agent = await startAgent({ dir: dir.path });
    const paused = await fetch(`${agent.admin}/admin/streams/pause?stream=audit/audit-turns`, {
      method: "POST",
    });
    assert.equal(paused.status, 200, await paused.text());
    const turns = await haveTurns({ origin: agent.proxy, name: "late", count: 30, concurrency: 8 });
    answered = turns.answered;
    assert.equal(answered.length, 30);
    await until(async () => await metric(agent, DISTANCE) === 30 || undefined);
    assert.equal((await figures(agent)).turns_without_record, 30);
    await agent.kill();
  }
  await using agent = await startAgent({ dir: dir.path });
  await until(async () => await metric(agent, DISTANCE) === 0 || undefined);
  const { turns_without_record, records } = await figures(agent);
  assert.equal(turns_without_record, 0);
  assert.ok(records! >= 30);
  assert.equal(await agent.stop(), 0, agent.said());
  await assertRecorded(dir.path, answered);
});
