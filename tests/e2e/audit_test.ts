import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { openStore } from "../../lib/store/open_store.ts";
import { withoutKafka } from "../kafka/for_tests.ts";
import { sharedBroker } from "../kafka/for_tests.ts";
import { ConsumerClient } from "../../mod.ts";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { ledgerOf } from "./ledger.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { haveTurns } from "./turns.ts";
import { until } from "./until.ts";

const AUDIT = "[plugins.audit]\nenabled = true\n";

/** A record, as far as these tests look at it. */
interface Line {
  seq: number;
  prev: string;
  kind: string;
  facts: { id?: string; turn?: string; outcome?: string };
}

/** Records of the trail in order, held to be numbered without gaps and chained. */
function chained(records: readonly Uint8Array[]): Line[] {
  let prev = "0".repeat(64);
  return records.map((bytes, at) => {
    const record: Line = JSON.parse(Buffer.from(bytes).toString());
    assert.deepEqual([record.seq, record.prev], [at, prev]);
    prev = createHash("sha256").update(bytes).digest("hex");
    return record;
  });
}

async function trailOf(dir: string): Promise<Line[]> {
  await using store = await openStore({ file: `${dir}/capstan.sqlite`, readOnly: true });
  const rows = store.read((db) =>
    db.all<{ record: Uint8Array }>("SELECT record FROM audit_records ORDER BY seq")
  );
  return chained(rows.map(({ record }) => record));
}

/** Logs entries, so many at once, until all are acknowledged or the agent is gone; gives the ids that were acknowledged. */
async function logAll(
  agent: Pick<Agent, "admin">,
  options: { count: number; onTaken?(taken: number): void },
): Promise<string[]> {
  const taken: string[] = [];
  let next = 0;
  const one = async () => {
    while (next < options.count) {
      const entry = {
        user_id: `u-${next % 50}`,
        model: "m",
        prompt: `question ${next++}`,
        response: "answer",
      };
      const response = await fetch(`${agent.admin}/v1/audit`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(entry),
      });
      const { id } = await response.json();
      assert.equal(response.status, 202);
      taken.push(id);
      options.onTaken?.(taken.length);
    }
  };
  await Promise.allSettled(Array.from({ length: 64 }, one));
  return taken;
}

/** What `capstan_audit_…` is. */
async function metric(agent: Pick<Agent, "admin">, name: string): Promise<number> {
  const text = await (await fetch(`${agent.admin}/metrics`)).text();
  return Number(new RegExp(`^capstan_audit_${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
}

Deno.test("kill -9 while entries are logged loses none that was acknowledged; each is there once, the chain whole", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: AUDIT });
  const acknowledged: string[] = [];
  for (const at of [300, 900]) {
    await using agent = await startAgent({ dir: dir.path });
    let killed: Promise<void> | undefined;
    const onTaken = (taken: number) => {
      if (taken === at) killed = agent.kill();
    };
    acknowledged.push(...await logAll(agent, { count: 3_000, onTaken }));
    await killed;
  }
  assert.ok(acknowledged.length >= 1_200);
  await using last = await startAgent({ dir: dir.path });
  acknowledged.push(...await logAll(last, { count: 100 }));
  assert.equal(await last.stop(), 0, last.said());
  const trail = await trailOf(dir.path);
  const ids = trail.filter(({ kind }) => kind === "log").map(({ facts }) => facts.id);
  assert.equal(new Set(ids).size, ids.length);
  const there = new Set(ids);
  assert.deepEqual(acknowledged.filter((id) => !there.has(id)), []);
});

Deno.test("kill -9 among proxied calls: every turn of the ledger has its record, once, after the next start", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: AUDIT });
  await using first = await startAgent({ dir: dir.path });
  let killed: Promise<void> | undefined;
  const turns = await haveTurns({
    origin: first.proxy,
    name: "turn",
    count: 1_000,
    concurrency: 64,
    onAnswered: (answered) => {
      if (answered === 400) killed = first.kill();
    },
  });
  await killed;
  await using second = await startAgent({ dir: dir.path });
  await until(async () => await metric(second, "turns_without_record") === 0 || undefined);
  assert.equal(await second.stop(), 0, second.said());
  assert.ok(turns.answered.length >= 400);
  const records = (await trailOf(dir.path)).filter(({ kind }) => kind === "turn");
  assert.equal(new Set(records.map(({ facts }) => facts.turn)).size, records.length);
  assert.equal(records.length, (await ledgerOf(`${dir.path}/capstan.sqlite`)).turns);
});

Deno.test("capstan audit log takes lines from standard input, whether an agent runs or not", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: AUDIT });
  const log = async (text: string) => {
    const { code, out, error } = await capstan({
      args: ["audit", "log", "--tenant", "acme", "--config-dir", dir.path],
      stdin: text,
    });
    return { code, ids: out.split("\n").filter(Boolean), error };
  };
  const line = (n: number) =>
    `${JSON.stringify({ user_id: "ada", model: "m", prompt: `question ${n}`, response: "answer" })}\n`;
  const before = await log(Array.from({ length: 1_200 }, (_, n) => line(n)).join(""));
  assert.deepEqual([before.code, before.ids.length], [0, 1_200], before.error);
  await using agent = await startAgent({ dir: dir.path });
  const beside = await log(`${line(1)}\n${line(2)}`);
  assert.deepEqual([beside.code, beside.ids.length], [0, 2], beside.error);
  const wrong = await log(`${line(1)}{"user_id":"ada"}\n`);
  assert.equal(wrong.code, 1);
  assert.match(wrong.error, /model/);
  assert.equal(await agent.stop(), 0, agent.said());
  const logged = (await trailOf(dir.path)).filter(({ kind }) => kind === "log").map(({ facts }) => facts.id);
  assert.deepEqual(logged, [...before.ids, ...beside.ids]);
  const key = await capstan({ args: ["audit", "key", "--config-dir", dir.path] });
  assert.match(key.out, /^capstan\/audit\/w-[0-9a-f]{16}\+[0-9a-f]{8}\+\S+\n$/, key.error);
});

Deno.test({
  name: "on Kafka the trail's topic has every record, in order, and the checkpoints",
  ignore: withoutKafka,
  fn: async () => {
    await using dir = await tempDir();
    await using upstream = await startStandIn();
    await using broker = await sharedBroker();
    const topic = `ai.audit.${crypto.randomUUID().slice(0, 8)}`;
    await writeConfig(dir.path, {
      upstream: upstream.origin,
      tables: `${AUDIT}topic = "${topic}"\n[kafka]\nbootstrap_servers = ["${broker.bootstrap}"]\n`,
    });
    await using agent = await startAgent({ dir: dir.path });
    const turns = await haveTurns({ origin: agent.proxy, name: "turn", count: 100, concurrency: 16 });
    assert.deepEqual(turns.failed, []);
    await logAll(agent, { count: 100 });
    await until(async () => await metric(agent, "turns_without_record") === 0 || undefined);
    assert.equal(await agent.stop(), 0, agent.said());
    const { code, error } = await capstan({ args: ["outbox", "drain", "--config-dir", dir.path] });
    assert.equal(code, 0, error);
    await using consumer = new ConsumerClient({
      config: {
        bootstrapServers: broker.bootstrap,
        topics: [topic],
        groupId: null,
        autoOffsetReset: "earliest",
      },
      valueDeserializer: (bytes) => bytes,
    });
    const stored = await trailOf(dir.path);
    const read: Uint8Array[] = [];
    while (read.length < stored.length) {
      const messages = await consumer.poll({ timeoutMs: 60_000 });
      assert.ok(messages.length > 0, `${read.length} of ${stored.length} records came`);
      read.push(...messages.map(({ value }) => value as Uint8Array));
    }
    assert.deepEqual(chained(read), stored);
    assert.equal(stored.filter(({ kind }) => kind === "turn").length, 100);
  },
});
