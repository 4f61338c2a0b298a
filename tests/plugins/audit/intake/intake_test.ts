import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openTestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";
import { readEntries } from "../../../../plugins/audit/intake/read_entries.ts";
import { folderOf, openedRecords } from "../opened.ts";
import { assertChained } from "../trail/chained.ts";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";

const ENTRY = { user_id: "ada", model: "gpt-4o", prompt: "What is 2+2?", response: "Four." };
const LINES = { "content-type": "application/x-ndjson" };

Deno.test("an entry of POST /v1/audit becomes a record of its user's", async () => {
  await using agent = await openTestAgent(audit);
  const response = await agent.request("POST", "/v1/audit", {
    ...ENTRY,
    metadata: { team: "a", tags: [1, null] },
    timestamp_utc: "2026-01-02T05:04:05+02:00",
  }, { "x-capstan-tenant": "acme" });
  assert.equal(response.status, 202);
  const { id } = await response.json();
  await agent.settled();
  const [{ record, content } = assert.fail()] = await openedRecords(agent);
  assert.deepEqual([record.kind, record.tenant, record.facts.id, record.facts.model], [
    "log",
    "acme",
    id,
    "gpt-4o",
  ]);
  assert.deepEqual(content, {
    ...ENTRY,
    metadata: { team: "a", tags: [1, null] },
    timestamp_utc: "2026-01-02T03:04:05.000Z",
  });
});

Deno.test("lists and lines are taken whole, and each entry becomes a record", async () => {
  await using agent = await openTestAgent(audit);
  const list = await agent.request("POST", "/v1/audit", [ENTRY, { ...ENTRY, user_id: "grace" }]);
  assert.deepEqual([list.status, (await list.json()).ids.length], [202, 2]);
  const lines = await agent.request(
    "POST",
    "/v1/audit",
    `${JSON.stringify(ENTRY)}\n\n${JSON.stringify(ENTRY)}\n`,
    LINES,
  );
  assert.deepEqual([lines.status, (await lines.json()).ids.length], [202, 2]);
  await agent.settled();
  assertChained(agent, 4);
});

Deno.test("entries of a tenant with one request id count once, and have one id", async () => {
  await using agent = await openTestAgent(audit);
  const post = async (tenant: string) => {
    const response = await agent.request("POST", "/v1/audit", { ...ENTRY, request_id: "r-1", tenant });
    return (await response.json()).id;
  };
  const first = await post("acme");
  assert.equal(await post("acme"), first);
  assert.notEqual(await post("other"), first);
  await agent.settled();
  assert.equal(await post("acme"), first);
  await agent.settled();
  const records = await openedRecords(agent);
  assert.deepEqual(records.map(({ record }) => record.tenant), ["acme", "other"]);
});

Deno.test("a caller of one tenant enters nothing of another's", () => {
  const read = (tenant?: string) =>
    readEntries([{ ...ENTRY, ...(tenant && { tenant }) }], {
      tenant: "acme",
      only: "acme",
      now: 0,
      redact: NO_REDACTION,
    });
  assert.equal(read()[0]?.tenant, "acme");
  assert.equal(read("acme")[0]?.tenant, "acme");
  assert.throws(() => read("other"), { status: 403, message: /another tenant's/ });
});

Deno.test("what is done to the agent through its admin listener is on record", async () => {
  await using agent = await openTestAgent(audit);
  await agent.deliver("capstan.actions.v1", [{
    value: { action: "POST /reload", actor: "ops", status: 200, at: "2026-01-02T03:04:05.000Z" },
  }]);
  await agent.settled();
  const [{ record } = assert.fail()] = await openedRecords(agent);
  assert.deepEqual([record.kind, record.facts], [
    "admin",
    { action: "POST /reload", actor: "ops", status: 200, at: "2026-01-02T03:04:05.000Z" },
  ]);
});

for (
  const [what, body, status, field] of [
    ["no user", { ...ENTRY, user_id: undefined }, 400, "user_id"],
    ["an empty model", { ...ENTRY, model: "" }, 400, "model"],
    ["a prompt that is no text", { ...ENTRY, prompt: 1 }, 400, "prompt"],
    ["metadata that is a list", { ...ENTRY, metadata: [] }, 400, "metadata"],
    ["a time that is none", { ...ENTRY, timestamp_utc: "now" }, 400, "timestamp_utc"],
    ["a field nobody knows", { ...ENTRY, promt: "" }, 400, undefined],
    ["no object", "3", 400, undefined],
    ["no JSON", "{", 400, undefined],
    ["nothing", "[]", 400, undefined],
    ["too many", [ENTRY, ENTRY, ENTRY], 413, undefined],
    ["too large", { ...ENTRY, prompt: "x".repeat(2_000) }, 413, undefined],
  ] as const
) {
  Deno.test(`an entry with ${what} is answered ${status}, and nothing is taken`, async () => {
    await using agent = await openTestAgent(audit, { config: { api: { max_body: "1500", max_items: 2 } } });
    const response = await agent.request("POST", "/v1/audit", body, { "content-type": "application/json" });
    const said = await response.json();
    assert.equal(response.status, status, said.error);
    assert.equal(said.problems?.[0]?.field, field, said.error);
    await agent.settled();
    assertChained(agent, 0);
    assert.equal(await agent.metrics("api_requests_total", { status: String(status) }), 1);
  });
}

Deno.test("while the disk takes nothing an entry is answered 503, and taken once it does", async () => {
  await using agent = await openTestAgent(audit);
  agent.faults.storeFails("full");
  const refused = await agent.request("POST", "/v1/audit", ENTRY);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  agent.faults.storeHeals();
  assert.equal((await agent.request("POST", "/v1/audit", ENTRY)).status, 202);
  await agent.settled();
  assertChained(agent, 1);
});

Deno.test("capstan audit log enters what flags say", async () => {
  await using agent = await openTestAgent(audit);
  const { code, stdout, stderr } = await agent.command("audit log", [], {
    user: "ada",
    model: "gpt-4o",
    prompt: "What is 2+2?",
    response: "Four.",
    metadata: '{"team":"a"}',
    requestId: "r-1",
    tenant: "acme",
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^log-[0-9a-f]{32}\n$/);
  await agent.restart();
  await agent.settled();
  const [{ record, content } = assert.fail()] = await openedRecords(agent);
  assert.equal(record.facts.id, stdout.trim());
  assert.deepEqual([content?.request_id, content?.metadata], ["r-1", { team: "a" }]);
  const missing = await agent.command("audit log", [], { user: "ada", model: "gpt-4o" });
  assert.deepEqual([missing.code, /prompt/.test(missing.stderr)], [1, true], missing.stderr);
});

Deno.test("nothing of what was logged is in any file in the clear", async () => {
  await using agent = await openTestAgent(audit);
  const secrets = ["planted-prompt-5521", "planted-answer-5522", "planted-user-5523", "planted-note-5524"];
  const [prompt, response, user_id, note] = secrets;
  const request = await agent.request("POST", "/v1/audit", {
    model: "gpt-4o",
    prompt,
    response,
    user_id,
    metadata: { note },
  });
  assert.equal(request.status, 202);
  await agent.settled();
  assert.equal((await openedRecords(agent))[0]?.content?.prompt, prompt);
  const folder = folderOf(agent);
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile()
  );
  assert.ok(files.length > 1);
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    for (const secret of secrets) assert.ok(!bytes.includes(secret), `${secret} is in ${name}`);
  }
});
