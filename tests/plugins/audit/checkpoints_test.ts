import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFile, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { openTestAgent, type TestAgent } from "capstan/testing";
import audit from "../../../plugins/audit/mod.ts";
import { CompactRange } from "../../../plugins/audit/tree/compact_range.ts";
import { openCheckpoint } from "../../../plugins/audit/tree/checkpoint.ts";
import { parseVerifierKey } from "../../../plugins/audit/tree/note_keys.ts";
import { leafHash } from "../../../plugins/audit/record/encode_record.ts";
import { folderOf } from "./opened.ts";

const ENTRY = { user_id: "ada", model: "gpt-4o", prompt: "2+2?", response: "4" };
const MINUTE = 60_000;

const fileOf = (agent: TestAgent) => join(folderOf(agent), "audit", "checkpoints");
const keyOf = (agent: TestAgent) => join(folderOf(agent), "audit", "signing.key");

async function log(agent: TestAgent, count = 1): Promise<void> {
  const entries = Array.from({ length: count }, () => ENTRY);
  assert.equal((await agent.request("POST", "/v1/audit", entries)).status, 202);
  await agent.settled();
}

async function vkey(agent: TestAgent): Promise<string> {
  const { code, stdout } = await agent.command("audit key");
  assert.equal(code, 0);
  return stdout.trim();
}

const notes = (agent: TestAgent) =>
  agent.store.read((db) => db.all<{ note: string }>("SELECT note FROM audit_checkpoints ORDER BY size"))
    .map(({ note }) => note);

/** Root over the leaves of the first records, made anew. */
function rootOf(agent: TestAgent, size: number): string {
  const records = agent.store.read((db) =>
    db.all<{ record: Uint8Array }>("SELECT record FROM audit_records ORDER BY seq LIMIT ?", size)
  );
  const range = new CompactRange();
  for (const { record } of records) range.append(leafHash(record));
  return Buffer.from(range.root()).toString("hex");
}

/** Advances to the next checkpoint and waits until it is kept. */
async function tick(agent: TestAgent, ms = MINUTE): Promise<void> {
  await agent.clock.advance(ms);
  await agent.restart();
  await agent.settled();
}

Deno.test("checkpoints cover all records, hold under the printed key, and are in store, topic and file alike", async () => {
  await using agent = await openTestAgent(audit);
  await log(agent, 5);
  await tick(agent);
  await log(agent, 3);
  await tick(agent);
  const verifier = parseVerifierKey(await vkey(agent));
  const kept = notes(agent);
  const opened = kept.map((note) => openCheckpoint(note, [verifier]));
  assert.equal(opened.at(-1)?.size, 9);
  for (const { size, root, origin } of opened) {
    assert.equal(Buffer.from(root).toString("hex"), rootOf(agent, size));
    assert.match(origin, /^capstan\/audit\/w-[0-9a-f]{16}$/);
  }
  assert.deepEqual(agent.outputs("ai.audit.checkpoints").map(({ data }) => data), kept);
  assert.equal(await readFile(fileOf(agent), "utf8"), kept.map((note) => `${note}\n`).join(""));
  if (process.platform !== "win32") assert.equal((await stat(keyOf(agent))).mode & 0o777, 0o600);
  assert.match(await readFile(keyOf(agent), "utf8"), /^-----BEGIN PRIVATE KEY-----/);
});

Deno.test("the signing key is made once and named by the trail's first key record", async () => {
  await using agent = await openTestAgent(audit);
  await agent.settled();
  const key = await vkey(agent);
  await agent.restart();
  await agent.settled();
  assert.equal(await vkey(agent), key);
  const records = agent.store.read((db) =>
    db.all<{ record: Uint8Array }>("SELECT record FROM audit_records")
  );
  assert.deepEqual(records.map(({ record }) => JSON.parse(Buffer.from(record).toString()).facts), [
    { action: "added", vkey: key },
  ]);
});

Deno.test("what a crash cut from the file of checkpoints, and what it lost, is written again", async () => {
  await using agent = await openTestAgent(audit);
  for (let at = 0; at < 3; at++) {
    await log(agent);
    await tick(agent);
  }
  const whole = await readFile(fileOf(agent), "utf8");
  const restored = async () => {
    await agent.restart();
    assert.equal(await readFile(fileOf(agent), "utf8"), whole);
  };
  for (const cut of [1, 2, 40, 130, whole.length - 20]) {
    await truncate(fileOf(agent), whole.length - cut);
    await restored();
  }
  await appendFile(fileOf(agent), "capstan/aud");
  await restored();
  await rm(fileOf(agent));
  await restored();
});

Deno.test("a rotated key: the former one signs the record that names the next, which signs all later", async () => {
  await using agent = await openTestAgent(audit);
  await log(agent);
  const before = await vkey(agent);
  const { code, stdout, stderr } = await agent.command("audit rotate-key");
  assert.equal(code, 0, stderr);
  const after = await vkey(agent);
  assert.equal(stdout.trim(), after);
  assert.notEqual(after, before);
  await log(agent);
  await tick(agent);
  const [old, next] = [parseVerifierKey(before), parseVerifierKey(after)];
  const facts = agent.store.read((db) =>
    db.all<{ seq: number; record: Uint8Array }>(
      "SELECT seq, record FROM audit_records WHERE kind = 'key' ORDER BY seq",
    )
  ).map(({ seq, record }) => ({ seq, ...JSON.parse(Buffer.from(record).toString()).facts }));
  assert.deepEqual(facts.map(({ action, vkey }) => [action, vkey]), [
    ["added", before],
    ["added", after],
    ["retired", before],
  ]);
  const kept = notes(agent);
  const both = kept.map((note) => openCheckpoint(note, [old, next]));
  const handover = both.find(({ signedBy }) => signedBy.length === 2);
  assert.equal(handover?.size, facts[1]!.seq + 1);
  assert.deepEqual(both.at(-1)?.signedBy.map(({ vkey }) => vkey), [after]);
  assert.equal((await readFile(keyOf(agent), "utf8")).match(/BEGIN/g)?.length, 1);
});

Deno.test("a lost signing key keeps nothing from being entered; health names the file, and --lost replaces it", async () => {
  await using agent = await openTestAgent(audit);
  await log(agent);
  const key = await readFile(keyOf(agent));
  await rm(keyOf(agent));
  await agent.clock.advance(MINUTE);
  await agent.restart();
  await log(agent);
  await agent.clock.advance(MINUTE);
  await agent.settled();
  // The file is looked for beside the clock: the next interval comes when that is done.
  for (let rounds = 0; rounds < 200 && agent.health().audit?.status === "ok"; rounds++) {
    await agent.clock.advance(MINUTE);
    await stat(folderOf(agent));
  }
  assert.match(agent.health().audit?.detail ?? "", /not in .*signing\.key; put it back/);
  const refused = await agent.command("audit rotate-key");
  assert.equal(refused.code, 1);
  assert.ok(refused.stderr.includes(keyOf(agent)), refused.stderr);
  assert.equal((await agent.command("audit rotate-key", [], { lost: true })).code, 0);
  await agent.restart();
  assert.deepEqual(agent.health().audit?.status, "ok");
  assert.ok(
    agent.logs.some(({ level, fields }) =>
      level === "error" && JSON.stringify(fields).includes(keyOf(agent))
    ),
  );
  await writeFile(keyOf(agent), key);
});

Deno.test("after so many records a checkpoint is signed before its time", async () => {
  await using agent = await openTestAgent(audit, {
    config: { checkpoint_interval: "1h", checkpoint_records: 4 },
  });
  await log(agent, 2);
  await agent.clock.advance(2_000);
  assert.deepEqual(notes(agent), []);
  await log(agent, 2);
  await tick(agent, 2_000);
  const verifier = parseVerifierKey(await vkey(agent));
  assert.equal(openCheckpoint(notes(agent)[0]!, [verifier]).size, 5);
});
