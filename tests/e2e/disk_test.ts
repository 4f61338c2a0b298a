import assert from "node:assert/strict";
import { writeTapesFile } from "../plugins/tapes/tapes_file.ts";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { ledgerOf } from "./ledger.ts";
import { lockFile } from "./lock_file.ts";
import { metric } from "./metric.ts";
import { makeReadOnly, withoutImmutable } from "./read_only_file.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { haveTurns, oneTurn } from "./turns.ts";
import { until } from "./until.ts";

async function health(agent: Agent): Promise<{ status: number; text: string }> {
  const response = await fetch(`${agent.admin}/healthz`);
  return { status: response.status, text: await response.text() };
}

Deno.test("a locked file does not break proxying, and its calls are stored when the lock goes (forward)", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tapes: 'commit_timeout = "100ms"' });
  await using agent = await startAgent({ dir: dir.path });
  {
    using _lock = lockFile(`${dir.path}/capstan.sqlite`);
    const turns = await haveTurns({ origin: agent.proxy, name: "locked", count: 40, concurrency: 20 });
    assert.deepEqual(turns.failed, []);
    assert.match((await health(agent)).text, /degraded|locked/);
  }
  assert.equal(await agent.stop(), 0, agent.said());
  assert.equal((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns, 40);
});

Deno.test("a locked file withholds the answer and refuses new calls (block)", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tapes = 'commit_timeout = "100ms"\non_storage_failure = "block"';
  await writeConfig(dir.path, { upstream: upstream.origin, tapes });
  await using agent = await startAgent({ dir: dir.path });
  {
    using _lock = lockFile(`${dir.path}/capstan.sqlite`);
    await assert.rejects(oneTurn(agent.proxy, "first", { stream: false }), /status 503/);
    const before = upstream.received();
    await assert.rejects(oneTurn(agent.proxy, "second", { stream: false }), /status 503/);
    assert.equal(upstream.received(), before, "a refused call reached the provider");
  }
});

Deno.test("without free disk answers are forwarded and health says why (forward)", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tables = '[store]\nmin_free_disk = "900000GB"';
  await writeConfig(dir.path, { upstream: upstream.origin, tables, drainTimeout: "300ms" });
  await using agent = await startAgent({ dir: dir.path });
  assert.equal(await oneTurn(agent.proxy, "hello", { stream: false }), "echo: hello");
  assert.match((await health(agent)).text, /min_free_disk/);
  assert.equal(await agent.stop(), 1, agent.said());
  assert.match(agent.said(), /^given up: tapes: 1 forwarded call could not be stored$/m);
  assert.equal((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns, 0, "stored below min_free_disk");
  assert.match(agent.said(), /given up/);
});

Deno.test("without free disk no answer is delivered, and new calls do not reach the provider (block)", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const tables = '[store]\nmin_free_disk = "900000GB"';
  await writeConfig(dir.path, { upstream: upstream.origin, tapes: 'on_storage_failure = "block"', tables });
  await using agent = await startAgent({ dir: dir.path });
  await assert.rejects(oneTurn(agent.proxy, "hello", { stream: false }), /status 503.*disk/s);
  const before = upstream.received();
  await assert.rejects(oneTurn(agent.proxy, "again", { stream: false }), /status 503.*disk/s);
  assert.equal(upstream.received(), before, "a refused call reached the provider");
});

Deno.test("without free disk an import stops with the reason, and is taken up when there is room", async () => {
  await using dir = await tempDir();
  const tapes = `${dir.path}/other.sqlite`;
  await writeTapesFile(tapes);
  const args = ["import", tapes, "--config-dir", dir.path];
  await writeConfig(dir.path, {
    upstream: "http://127.0.0.1:9",
    tables: '[store]\nmin_free_disk = "900000GB"',
  });
  const refused = await capstan({ args });
  assert.equal(refused.code, 1);
  assert.match(
    refused.error,
    /Cannot import the rest of .*bytes of disk are free, below store\.min_free_disk/s,
  );
  await writeConfig(dir.path, { upstream: "http://127.0.0.1:9" });
  const taken = await capstan({ args });
  assert.equal(taken.code, 0, taken.error);
  assert.match(taken.out, /^Imported (\d+) of \1 nodes/);
});

Deno.test({
  name:
    "a file that becomes read-only does not break proxying: health and counters say so, and it heals (forward)",
  ignore: withoutImmutable,
  async fn() {
    await using dir = await tempDir();
    await using upstream = await startStandIn();
    await writeConfig(dir.path, { upstream: upstream.origin });
    await using agent = await startAgent({ dir: dir.path });
    const file = `${dir.path}/capstan.sqlite`;
    assert.equal(await oneTurn(agent.proxy, "before", { stream: false }), "echo: before");
    {
      using _readOnly = makeReadOnly(file);
      const turns = await haveTurns({ origin: agent.proxy, name: "during", count: 40, concurrency: 10 });
      assert.deepEqual(turns.failed, []);
      const { text } = await health(agent);
      assert.match(text, /degraded/);
      assert.match(text, /disk I\/O error/);
      assert.equal(await metric(agent, "capstan_tapes_forwarded_total"), 41);
      assert.equal(await metric(agent, "capstan_tapes_accounted_total"), 1);
      assert.equal(await metric(agent, "capstan_tapes_retry_calls"), 40);
      assert.equal(await metric(agent, "capstan_tapes_given_up_total"), 0);
    }
    await until(async () => await metric(agent, "capstan_tapes_accounted_total") === 41 || undefined);
    assert.equal(await metric(agent, "capstan_tapes_retry_calls"), 0);
    await until(async () => (await health(agent)).text.includes("degraded") ? undefined : true);
    assert.equal(await agent.stop(), 0, agent.said());
    assert.equal((await ledgerOf(file)).turns, 41);
  },
});

Deno.test({
  name: "a file that becomes read-only withholds answers and refuses new calls until it heals (block)",
  ignore: withoutImmutable,
  async fn() {
    await using dir = await tempDir();
    await using upstream = await startStandIn();
    const tapes = 'on_storage_failure = "block"';
    await writeConfig(dir.path, { upstream: upstream.origin, tapes });
    await using agent = await startAgent({ dir: dir.path });
    const file = `${dir.path}/capstan.sqlite`;
    {
      using _readOnly = makeReadOnly(file);
      await assert.rejects(oneTurn(agent.proxy, "first", { stream: false }), /status 503/);
      const before = upstream.received();
      await assert.rejects(oneTurn(agent.proxy, "second", { stream: true }), /status 503/);
      assert.equal(upstream.received(), before, "a refused call reached the provider");
      assert.match((await health(agent)).text, /disk I\/O error/);
      assert.ok(await metric(agent, "capstan_tapes_refused_total") >= 1);
    }
    const healed = () => oneTurn(agent.proxy, "third", { stream: false }).catch(() => undefined);
    assert.equal(await until(healed), "echo: third");
    assert.equal(await agent.stop(), 0, agent.said());
    // The one whose answer was withheld, and the one after it healed.
    assert.equal((await ledgerOf(file)).turns, 2);
  },
});
