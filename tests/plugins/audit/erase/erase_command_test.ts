import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestAgent } from "capstan/testing";
import { openStore } from "../../../../lib/store/open_store.ts";
import { destroyKeys } from "../../../../plugins/audit/erase/destroy_keys.ts";
import audit from "../../../../plugins/audit/mod.ts";
import type { AuditRecord } from "../../../../plugins/audit/record/record.ts";
import { openKeyring } from "../../../../plugins/audit/seal/open_keyring.ts";
import { openContent } from "../../../../plugins/audit/seal/seal_content.ts";
import { appendRecords } from "../../../../plugins/audit/trail/append_records.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";

const ADDRESS = /\S+@\S+/g;
const without = (text: string) => text.replace(ADDRESS, (found) => `[email:${found.length}]`);

/** The plugin where redaction takes out addresses. */
const redacting: typeof audit = {
  ...audit,
  setup(ctx, config) {
    const redact = { ...ctx.redact, on: true, text: without, identity: without };
    return audit.setup({ ...ctx, redact }, config);
  },
};

const ENTRY = { user: "ann", model: "m", prompt: "first", response: "r" };

Deno.test("what came in before its user was erased is entered without content; what comes later has it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "capstan-erase-"));
  try {
    await using store = await openStore({ file: join(folder, "trail.sqlite") });
    await store.migrate("audit", AUDIT_MIGRATIONS);
    const keyring = await openKeyring(store, { folder });
    const content = { user_id: "ann", model: "m", prompt: "p", response: "r", timestamp_utc: "" };
    const enter = (tenant: string, takenMs: number) =>
      store.write((tx) => {
        const input = { kind: "log", tenant, user: "ann", facts: {}, content, takenMs } as const;
        const { records } = appendRecords(tx, [input], { topic: "t", keyring, now: takenMs });
        const record: AuditRecord = JSON.parse(new TextDecoder().decode(records[0]?.bytes));
        return [
          record.facts.erased ?? false,
          record.content !== undefined,
          openContent(tx, keyring, record) !== null,
        ];
      });
    const subject = { tenant: "acme", subject: keyring.subject("acme", "ann") };
    const destroy = (now: number) => store.write((tx) => destroyKeys(tx, subject, now).length);
    assert.equal(await destroy(5), 0);
    assert.deepEqual(await enter("acme", 5), [true, false, false]);
    assert.deepEqual(await enter("acme", 6), [false, true, true]);
    assert.deepEqual(await enter("other", 5), [false, true, true]);
    assert.equal(await destroy(10), 1);
    assert.equal(await destroy(20), 0);
    assert.deepEqual(await enter("acme", 20), [true, false, false]);
    assert.deepEqual(await enter("acme", 21), [false, true, true]);
    const keys = store.read((db) =>
      db.all<{ wrapped: null }>("SELECT * FROM audit_keys WHERE tenant = 'acme'")
    );
    assert.deepEqual(keys.map(({ wrapped }) => wrapped === null), [true, true, false]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("an erasure is refused by a hold on the user, the tenant or all, and by one of a time with records of theirs", async () => {
  await using agent = await openTestAgent(audit, { now: Date.now() });
  await agent.command("audit log", [], ENTRY);
  await agent.settled();
  const erase = async (user: string) => (await agent.command("audit erase", [], { user, yes: true })).code;
  const covered: Record<string, string>[] = [{ user: "ann" }, { tenant: "default" }, {}, {
    from: "2026-01-01",
    to: "2999-01-01",
  }];
  for (const options of covered) {
    const { stdout } = await agent.command("audit hold add", [], { ...options, reason: "case" });
    assert.equal(await erase("ann"), 1);
    await agent.command("audit hold lift", [stdout.trim()], { reason: "over" });
  }
  const others: Record<string, string>[] = [{ user: "bea" }, { user: "ann", tenant: "acme" }, {
    user: "ann",
    to: "2000-01-01",
  }];
  for (const options of others) {
    await agent.command("audit hold add", [], { ...options, reason: "case" });
  }
  assert.equal(await erase("bea"), 1);
  assert.equal(await erase("ann"), 0);
  const listed = await agent.command("audit hold list", [], { all: true, json: true });
  const lines = listed.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([lines.length, lines.filter(({ lifted_at }) => lifted_at === null).length], [7, 3]);
  const wrong = await agent.command("audit hold lift", ["h-1"], { reason: "x" });
  assert.match(wrong.stderr, /Cannot lift hold h-1: there is none/);
  assert.equal((await agent.command("audit hold add", [], {})).code, 2);
  assert.equal((await agent.command("audit hold add", [], { reason: "x", from: "soon" })).code, 2);
});

Deno.test("tenants and users are held, found and erased by the names they were given, where redaction has taken them out of the records", async () => {
  await using agent = await openTestAgent(redacting, { now: Date.now() });
  const [user, tenant] = ["ann@example.org", "acme@example.org"];
  const entry = { user_id: user, model: "m", prompt: "p", response: "r" };
  const taken = await agent.request("POST", "/v1/audit", entry, { "x-capstan-tenant": tenant });
  assert.equal(taken.status, 202);
  await agent.settled();
  const found = async (options: Record<string, string>) =>
    (await agent.command("audit search", [], options)).stdout;
  const ways: Record<string, string>[] = [{ user }, { tenant }, { user, tenant }];
  for (const options of ways) assert.match(await found(options), /\bm\b/);
  const query = new URLSearchParams({ user, tenant });
  const { records } = await (await agent.request("GET", `/v1/audit/records?${query}`)).json();
  assert.equal(records.length, 1);
  for (const options of ways.filter((each) => each.tenant)) {
    const held = await agent.command("audit hold add", [], { ...options, reason: "case", to: "2999-01-01" });
    assert.equal((await agent.command("audit erase", [], { user, tenant, yes: true })).code, 1);
    await agent.command("audit hold lift", [held.stdout.trim()], { reason: "over" });
  }
  const erased = await agent.command("audit erase", [], { user, tenant, yes: true });
  assert.match(erased.stdout, /1 key destroyed/, erased.stderr);
});
