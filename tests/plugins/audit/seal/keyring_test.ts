import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import type { PluginStore } from "capstan";
import { openTestAgent, type TestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";
import { close, open } from "../../../../plugins/audit/seal/box.ts";
import { Keyring } from "../../../../plugins/audit/seal/keyring.ts";
import { readMasterKeys } from "../../../../plugins/audit/seal/master_key.ts";
import { reopenKeyring } from "../../../../plugins/audit/seal/open_keyring.ts";
import { rotateMaster } from "../../../../plugins/audit/seal/rotate_master.ts";
import { openContent, sealContent } from "../../../../plugins/audit/seal/seal_content.ts";
import { folderOf, openedRecords } from "../opened.ts";

const ENTRY = { user_id: "ada", model: "gpt-4o", prompt: "What is 2+2?", response: "Four." };

const masterOf = (agent: TestAgent) => join(folderOf(agent), "audit", "master.key");

Deno.test("what is closed opens under its key and about its matter alone", () => {
  const key = randomBytes(32);
  const closed = close(key, Buffer.from("said"), "about");
  assert.equal(open(key, closed, "about").toString(), "said");
  assert.notDeepEqual(close(key, Buffer.from("said"), "about"), closed);
  const refused = /altered, moved, or closed under another key/;
  assert.throws(() => open(randomBytes(32), closed, "about"), refused);
  assert.throws(() => open(key, closed, "aboot"), refused);
  for (let at = 0; at < closed.length; at++) {
    const altered = Buffer.from(closed);
    altered[at]! ^= 1;
    assert.throws(() => open(key, altered, "about"), refused, `byte ${at}`);
  }
  assert.throws(() => open(key, closed.subarray(0, 20), "about"), /they are cut/);
});

Deno.test("sealed content opens in its own record, and nowhere once its key is destroyed", async () => {
  await using agent = await openTestAgent(audit);
  const keyring = await reopenKeyring((work) => agent.store.read(work), { folder: dirname(masterOf(agent)) });
  const content = { ...ENTRY, timestamp_utc: "2026-01-02T03:04:05.006Z" };
  const record = await agent.store.write((tx) => {
    const key = keyring.keyFor(tx, { tenant: "acme", subject: "s", now: 0 });
    assert.equal(keyring.keyFor(tx, { tenant: "acme", subject: "s", now: 1 }).id, key.id);
    assert.notEqual(keyring.keyFor(tx, { tenant: "other", subject: "s", now: 1 }).id, key.id);
    const place = { writer: "w-1", seq: 7 };
    return { ...place, content: sealContent(Buffer.from(JSON.stringify(content)), key, place) };
  });
  const opened = (moved: Partial<typeof record> = {}) =>
    agent.store.read((db) => openContent(db, keyring, { ...record, ...moved }));
  assert.deepEqual(opened(), content);
  assert.throws(() => opened({ seq: 8 }), /altered, moved/);
  assert.throws(() => opened({ writer: "w-2" }), /altered, moved/);
  await agent.store.write((tx) => tx.run("UPDATE audit_keys SET wrapped = NULL, destroyed_ms = 1"));
  assert.equal(opened(), null);
});

Deno.test("a subject whose key was destroyed gets another one for what comes later", async () => {
  await using agent = await openTestAgent(audit);
  await agent.request("POST", "/v1/audit", ENTRY);
  await agent.settled();
  await agent.store.write((tx) => tx.run("UPDATE audit_keys SET wrapped = NULL, destroyed_ms = 1"));
  await agent.request("POST", "/v1/audit", ENTRY);
  await agent.settled();
  const [before, after] = await openedRecords(agent);
  assert.equal(before?.content, null);
  assert.equal(after?.content?.prompt, ENTRY.prompt);
  assert.equal(before?.record.subject, after?.record.subject);
});

Deno.test("the master key is made at the first start, for its owner alone, and the same ever after", async () => {
  await using agent = await openTestAgent(audit);
  const made = await readFile(masterOf(agent), "utf8");
  if (process.platform !== "win32") assert.equal((await stat(masterOf(agent))).mode & 0o777, 0o600);
  assert.equal(readMasterKeys(made, "it")[0]?.key.length, 32);
  await agent.restart();
  assert.equal(await readFile(masterOf(agent), "utf8"), made);
});

Deno.test("a lost, foreign, damaged or open master key stops the start, and the message names the file", async () => {
  await using agent = await openTestAgent(audit);
  const file = masterOf(agent);
  const made = await readFile(file, "utf8");
  await agent.settled();
  const failing = async (why: RegExp) => {
    await assert.rejects(agent.restart(), (error: Error) => {
      const said = messages(error);
      assert.match(said, why);
      assert.ok(said.includes(file), said);
      return true;
    });
    await writeFile(file, made, { mode: 0o600 });
    await chmod(file, 0o600);
    await agent.restart();
  };
  await rm(file);
  await failing(/there is no .*put it back/);
  await writeFile(file, randomBytes(32).toString("base64"));
  await failing(/wrapped under master key [0-9a-f]{16}, and .* holds/);
  await writeFile(file, "c2hvcnQ=");
  await failing(/5 bytes long/);
  await writeFile(file, "# nothing\n");
  await failing(/holds none/);
  if (process.platform !== "win32") {
    await chmod(file, 0o644);
    await failing(/other users can read it; chmod 600/);
  }
});

Deno.test("a rotated master key leaves content readable and fingerprints as they were, also while the agent runs", async () => {
  await using agent = await openTestAgent(audit);
  const file = masterOf(agent);
  const before = await readFile(file, "utf8");
  const log = async (user: string) => {
    assert.equal((await agent.request("POST", "/v1/audit", { ...ENTRY, user_id: user })).status, 202);
    await agent.settled();
  };
  await log("ada");
  const { code, stdout } = await agent.command("audit rotate-master");
  assert.equal(code, 0);
  const after = await readFile(file, "utf8");
  assert.equal(readMasterKeys(after, "it").length, 1);
  assert.equal(readMasterKeys(after, "it")[0]?.id, stdout.trim());
  assert.notEqual(after, before);
  // The agent holds the former master; new and known subjects alike.
  await log("ada");
  await log("grace");
  await agent.restart();
  await log("ada");
  const records = await openedRecords(agent);
  assert.deepEqual(records.map(({ content }) => content?.user_id), ["ada", "ada", "grace", "ada"]);
  const [first, second, other, last] = records.map(({ record }) => record.subject);
  assert.equal(first, second);
  assert.equal(first, last);
  assert.notEqual(first, other);
  const masters = agent.store.read((db) => db.all("SELECT DISTINCT master FROM audit_keys"));
  assert.equal(masters.length, 1);
});

Deno.test("a rotation that was killed between its steps loses nothing", async () => {
  await using agent = await openTestAgent(audit);
  await agent.request("POST", "/v1/audit", ENTRY);
  await agent.settled();
  const file = masterOf(agent);
  const [current] = readMasterKeys(await readFile(file, "utf8"), file);
  const next = randomBytes(32).toString("base64");
  await writeFile(file, `${next}\n${Buffer.from(current!.key).toString("base64")}\n`);
  await agent.restart();
  assert.equal((await openedRecords(agent))[0]?.content?.response, "Four.");
  assert.equal((await agent.command("audit rotate-master")).code, 0);
  assert.equal((await openedRecords(agent))[0]?.content?.response, "Four.");
});

Deno.test("a rotation that the store refuses leaves the former master in the file", async () => {
  await using agent = await openTestAgent(audit);
  await agent.request("POST", "/v1/audit", ENTRY);
  await agent.settled();
  const store: PluginStore = {
    read: (work) => agent.store.read(work),
    write: () => Promise.reject(new Error("the disk is full")),
  };
  await assert.rejects(rotateMaster(store, { folder: dirname(masterOf(agent)) }), /disk is full/);
  assert.equal((await openedRecords(agent))[0]?.content?.response, "Four.");
  await agent.restart();
});

Deno.test("a user has another fingerprint in another tenant", async () => {
  await using agent = await openTestAgent(audit);
  await agent.request("POST", "/v1/audit", [{ ...ENTRY, tenant: "acme" }, { ...ENTRY, tenant: "other" }]);
  await agent.settled();
  const [one, other] = await openedRecords(agent);
  assert.match(one?.record.subject ?? "", /^[0-9a-f]{32}$/);
  assert.notEqual(one?.record.subject, other?.record.subject);
});

Deno.test("the master key may come from the setting; several there are rotated to the first", async () => {
  const [one, two] = [randomBytes(32).toString("base64"), randomBytes(32).toString("hex")];
  await using agent = await openTestAgent(audit, { config: { master_key: `${one},${two}` } });
  await agent.request("POST", "/v1/audit", ENTRY);
  await agent.settled();
  await assert.rejects(stat(masterOf(agent)));
  await agent.store.write((tx) => {
    const [first, second] = readMasterKeys(`${one},${two}`, "it");
    Keyring.rewrap(tx, first!, second!);
  });
  await agent.request("POST", "/v1/audit", { ...ENTRY, user_id: "grace" });
  await agent.settled();
  const { stdout } = await agent.command("audit rotate-master");
  assert.equal(stdout.trim(), readMasterKeys(one, "it")[0]?.id);
  assert.equal(
    agent.store.read((db) => db.get<{ n: number }>("SELECT count(*) n FROM audit_records WHERE kind = 'log'"))
      ?.n,
    2,
  );
});

function messages(error: unknown): string {
  return error instanceof Error ? `${error.message} ${messages(error.cause)}` : String(error);
}
