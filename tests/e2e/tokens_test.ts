import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { tempDir } from "./temp_dir.ts";

const CONFIG = `
[admin]
listen = "127.0.0.1:0"
require_token = true
[plugins.tapes]
listen = "127.0.0.1:0"
[plugins.insights]
enabled = true
`;

Deno.test("tokens do what their roles allow, from the moment they are made until they are revoked; what they do is on record", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, CONFIG);
  await using agent = await startAgent({ dir: dir.path });
  const run = async (...args: string[]) => {
    const { code, out, error } = await capstan({ args: [...args, "--config-dir", dir.path] });
    assert.equal(code, 0, error);
    return out.trim();
  };
  const ask = async (token: string, method: string, path: string, body?: unknown) => {
    const answer = await fetch(agent.admin + path, {
      method,
      headers: { ...(token && { authorization: `Bearer ${token}` }), "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const feedback = { response_id: "chatcmpl-1", thumbs: "up", event_id: "evt-1" };
  assert.equal((await ask("", "GET", "/metrics")).status, 401);
  const billing = await run("token", "add", "billing", "--role", "feedback", "--tenant", "acme");
  assert.equal((await ask(billing, "POST", "/v1/feedback", feedback)).status, 202);
  assert.equal((await ask(billing, "POST", "/v1/feedback", { ...feedback, tenant_id: "other" })).status, 403);
  assert.equal((await ask(billing, "GET", "/metrics")).status, 403);
  assert.equal((await ask(billing, "POST", "/admin/streams/pause")).status, 403);
  const taken = JSON.parse(
    await run("tail", "ai-feedback-events", "--from-beginning", "--max", "1", "--json"),
  );
  assert.equal(taken.value.tenant_id, "acme");

  const ops = await run("token", "add", "ops", "--role", "admin");
  assert.equal((await ask(ops, "POST", "/admin/streams/resume")).status, 200);
  const action =
    JSON.parse(await run("tail", "audit-events", "--from-beginning", "--max", "1", "--json")).value;
  assert.deepEqual([action.event_type, action.data], ["audit.admin_action", {
    action: "POST /admin/streams/resume",
    actor: "ops",
    outcome: "done",
  }]);

  await run("token", "revoke", "billing");
  assert.equal((await ask(billing, "POST", "/v1/feedback", feedback)).status, 401);
  const listed = await run("token", "list");
  assert.match(listed, /billing +feedback +acme +\S+ +revoked/);
  assert.match(listed, /ops +admin +any +\S+ +holds/);
  assert.ok(!listed.includes(billing.slice(-20)) && !agent.said().includes(billing.slice(-20)));
  assert.equal(JSON.parse(await run("status", "--json")).agents?.length ?? 1, 1);
});

Deno.test("tokens are not made of roles that are none, nor revoked where none holds", async () => {
  await using dir = await tempDir();
  const refused = async (...args: string[]) =>
    await capstan({ args: ["token", ...args, "--config-dir", dir.path] });
  assert.deepEqual((await refused("add", "x", "--role", "boss")).code, 2);
  assert.deepEqual((await refused("add", "x")).code, 2);
  assert.deepEqual((await refused("add", "x", "--role", "read", "--expires", "soon")).code, 2);
  const none = await refused("revoke", "x");
  assert.deepEqual([none.code, /no token of that name/.test(none.error)], [1, true]);
});
