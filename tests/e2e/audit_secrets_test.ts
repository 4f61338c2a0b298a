import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openStore } from "../../lib/store/open_store.ts";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { metric } from "./metric.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { readTrail } from "./trail.ts";
import { until } from "./until.ts";

/** Each is planted in a place of its own. */
const PLANTED = {
  prompt: "planted-prompt-7101",
  answer: "planted-answer-7102",
  user: "planted-user-7103@example.com",
  metadata: "planted-metadata-7104",
  broken: "planted-broken-7105",
  key: "sk-planted-key-7106",
};
const TOPICS = ["ai.audit", "ai.audit.checkpoints", "audit.intake.v1", "capstan.actions.v1"];

/** What the trail keeps and says, by place. */
async function placesOf(dir: string, said: Readonly<Record<string, string>>): Promise<Map<string, Buffer>> {
  const places = new Map(Object.entries(said).map(([name, text]) => [name, Buffer.from(text)]));
  await using store = await openStore({ file: `${dir}/capstan.sqlite`, readOnly: true });
  store.read((db) => {
    const tables = db.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'audit@_%' ESCAPE '@'",
    ).map(({ name }) => name);
    const partitions = db.all<{ id: number; topic: string }>("SELECT id, topic FROM log_partitions");
    for (const { id, topic } of partitions) if (TOPICS.includes(topic)) tables.push(`log_${id}`);
    assert.ok(tables.length > 8, tables.join());
    for (const table of tables) {
      const values = db.all(`SELECT * FROM ${table}`).flatMap((row) => Object.values(row));
      places.set(
        table,
        Buffer.concat(values.map((value) => value instanceof Uint8Array ? value : Buffer.from(`${value}\n`))),
      );
    }
  });
  for await (const { name, isFile } of Deno.readDir(`${dir}/audit`)) {
    if (isFile) places.set(name, Buffer.from(await Deno.readFile(`${dir}/audit/${name}`)));
  }
  return places;
}

/** A call through the proxy; the stand-in says its last message back. */
async function call({ proxy }: Agent, body: string): Promise<string> {
  const response = await fetch(`${proxy}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${PLANTED.key}`,
      "x-capstan-user": PLANTED.user,
    },
    body,
  }).catch(String);
  return typeof response === "string" ? response : await response.text();
}

Deno.test("nothing planted in prompts, answers, users and metadata is found in what the trail keeps or says", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  const file = `${dir.path}/audit/trail.jsonl`;
  const tables = `[plugins.audit]\nenabled = true\ncheckpoint_interval = "1s"\nfile.path = "${file}"`;
  await writeConfig(dir.path, { upstream: upstream.origin, tables });
  let said: Record<string, string>;
  {
    await using agent = await startAgent({ dir: dir.path });
    const { prompt, answer, user, metadata, broken } = PLANTED;
    const model = "stand-in-1";
    const messages = [{ role: "user", content: `${prompt} ${answer}` }];
    await call(agent, JSON.stringify({ model, user, metadata: { note: metadata }, messages }));
    await call(
      agent,
      JSON.stringify({ model, user: { name: broken }, messages: [{ role: broken, content: broken }] }),
    );
    for (const extra of [{}, { metadata: broken }]) {
      const response = await fetch(`${agent.admin}/v1/audit`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          user_id: user,
          model,
          prompt,
          response: answer,
          metadata: { note: metadata },
          ...extra,
        }),
      });
      await response.body?.cancel();
    }
    await until(async () => await metric(agent, "capstan_audit_turns_without_record") === 0 || undefined);
    await until(async () => await metric(agent, "capstan_audit_records") >= 4 || undefined);
    const ask = async (path: string) => await (await fetch(`${agent.admin}${path}`)).text();
    said = {
      metrics: await ask("/metrics"),
      health: await ask("/healthz"),
      status: await ask("/admin/status"),
    };
    assert.equal(await agent.stop(), 0, agent.said());
    said.log = agent.said();
  }
  const key = await capstan({ args: ["audit", "key", "--config-dir", dir.path] });
  const verified = await capstan({
    args: ["audit", "verify", "--json", "--key", key.out.trim(), "--config-dir", dir.path],
  });
  assert.equal(verified.code, 0, verified.out);
  const places = await placesOf(dir.path, { ...said, verify: verified.out });
  // Those who may can read it: it is there, under keys.
  const opened = JSON.stringify((await readTrail(dir.path)).records.map(({ content }) => content));
  for (const secret of [PLANTED.prompt, PLANTED.answer, PLANTED.user, PLANTED.metadata]) {
    assert.ok(opened.includes(secret), `${secret} was never recorded`);
  }
  // And the search finds what is in the clear.
  const clear = [...places].filter(([, bytes]) => bytes.includes("stand-in-1")).map(([place]) => place);
  assert.ok(clear.includes("audit_records") && clear.includes("trail.jsonl"), clear.join());
  assert.ok(clear.some((place) => place.startsWith("log_")), clear.join());
  for (const [place, bytes] of places) {
    for (const secret of Object.values(PLANTED)) {
      assert.ok(!bytes.includes(secret), `${secret} is in ${place}`);
    }
  }
});
