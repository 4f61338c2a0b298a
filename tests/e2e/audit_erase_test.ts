import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openStore } from "../../lib/store/open_store.ts";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

const TABLES = "[plugins.audit]\nenabled = true\n[plugins.insights]\nenabled = true\n";
const ANN = "ann.q7x9@example.org";
const BEA = "bea.k2m4@example.org";
/** Long enough for pages of its own. */
const words = (name: string, number: number) => `${name} confided ${number} `.repeat(60);

async function ask(agent: Agent, user: string, messages: readonly string[], session?: string): Promise<void> {
  const response = await fetch(`${agent.proxy}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-capstan-user": user,
      ...(session && { "x-capstan-session": session }),
    },
    body: JSON.stringify({
      model: "stand-in-1",
      messages: [
        { role: "system", content: "Shared by all." },
        ...messages.map((content, at) => ({ role: at % 2 ? "assistant" : "user", content })),
      ],
    }),
  });
  await response.text();
  assert.equal(response.status, 200);
}

async function log(agent: Agent, user: string, text: string): Promise<void> {
  const response = await fetch(`${agent.admin}/v1/audit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user_id: user, model: "m", prompt: text, response: `${text} back` }),
  });
  assert.equal(response.status, 202, await response.text());
}

/** Where a text still stands in the file, its WAL and the files of the trail. */
async function found(dir: string, text: string): Promise<string[]> {
  const files = ["capstan.sqlite", "capstan.sqlite-wal", "audit/checkpoints"];
  const hits = await Promise.all(files.map(async (name) => {
    const bytes = await Deno.readFile(`${dir}/${name}`).catch(() => new Uint8Array());
    return Buffer.from(bytes).includes(text) ? [name] : [];
  }));
  return hits.flat();
}

async function records(dir: string): Promise<{ kind: string; facts: Record<string, unknown> }[]> {
  await using store = await openStore({ file: `${dir}/capstan.sqlite`, readOnly: true });
  return store.read((db) =>
    db.all<{ record: Uint8Array }>("SELECT record FROM audit_records ORDER BY seq").map(({ record }) =>
      JSON.parse(Buffer.from(record).toString())
    )
  );
}

Deno.test("an erased person stands in no file of a running agent, others do, and the trail still verifies", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: TABLES });
  const call = async (...args: string[]) => {
    const done = await capstan({ args: [...args, "--config-dir", dir.path] });
    return { ...done, all: `${done.out}${done.error}` };
  };
  await using agent = await startAgent({ dir: dir.path });
  const people = [["ann", ANN], ["bea", BEA]] as const;
  for (let number = 0; number < 60; number++) {
    await Promise.all(people.map(async ([name, user]) => {
      await ask(agent, user, [words(name, number)]);
      await ask(agent, user, [words(name, number), `echo: ${words(name, number)}`, `${name} adds ${number}`]);
      await log(agent, user, `${name} logged ${number}`);
    }));
  }
  await ask(agent, BEA, [words("ann", 0), `echo: ${words("ann", 0)}`, "bea goes on from it"]);
  const turns = 2 * 60 * 3 + 1;
  await until(async () =>
    (await records(dir.path)).filter(({ kind }) => kind !== "key").length >= turns || undefined
  );
  assert.ok((await found(dir.path, ANN)).length > 0);
  const key = `${dir.path}/trail.vkey`;
  await Deno.writeTextFile(key, (await call("audit", "key")).out);

  const held = await call("audit", "hold", "add", "--user", ANN, "--reason", "case 17");
  assert.equal(held.code, 0, held.all);
  const refused = await call("audit", "erase", "--user", ANN, "--yes");
  assert.equal(refused.code, 1);
  assert.match(
    refused.error,
    /a legal hold covers their records; lift it first:\n.*h-[0-9a-f]{16} user .*case 17/,
  );
  assert.match((await call("audit", "hold", "list")).out, /case 17/);
  const lifted = await call("audit", "hold", "lift", held.out.trim(), "--reason", "closed");
  assert.equal(lifted.code, 0, lifted.all);
  assert.equal((await call("audit", "erase", "--user", ANN)).code, 2);

  const erased = await call("audit", "erase", "--user", ANN, "--yes");
  assert.equal(erased.code, 0, erased.all);
  assert.match(erased.out, /1 key destroyed/);
  assert.match(erased.out, /tapes: 120 turns, \d+ nodes/);
  assert.match(erased.out, /What the model's provider keeps/);
  for (const text of [ANN, "ann adds", "ann logged", "ann confided 1 ", "ann confided 59 "]) {
    assert.deepEqual(await found(dir.path, text), [], text);
  }
  assert.ok((await found(dir.path, "ann confided 0 ")).length > 0, "what bea went on from stays");
  for (const text of [BEA, "bea adds 7", "bea confided 7 ", "Shared by all."]) {
    assert.ok((await found(dir.path, text)).length > 0, text);
  }
  const again = await call("audit", "erase", "--user", ANN, "--yes");
  assert.match(again.out, /^Nothing was kept of .*\naudit: 0 keys destroyed\nNot reached:/, again.all);
  await ask(agent, ANN, ["I am back."]);
  await until(async () => (await found(dir.path, "I am back.")).length > 0 || undefined);
  assert.equal(await agent.stop(), 0, agent.said());

  const verified = await call("audit", "verify", "--key", key);
  assert.equal(verified.code, 0, verified.all);
  const kinds = (await records(dir.path)).filter(({ kind }) => kind === "erasure" || kind === "hold");
  assert.deepEqual(kinds.map(({ facts }) => facts.action), [
    "added",
    "lifted",
    "keys_destroyed",
    "data_removed",
  ]);
  assert.equal(kinds[3]?.facts["tapes.turns"], 120);
});

Deno.test("only tokens with the roles audit and admin read the trail, each for its tenant, and it is on record", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin, tables: TABLES });
  const config = await Deno.readTextFile(`${dir.path}/config.toml`);
  await Deno.writeTextFile(
    `${dir.path}/config.toml`,
    config.replace("[admin]", "[admin]\nrequire_token = true"),
  );
  const token = async (name: string, role: string, ...more: string[]) => {
    const args = ["token", "add", name, "--role", role, ...more, "--config-dir", dir.path];
    return (await capstan({ args })).out.trim();
  };
  await using agent = await startAgent({ dir: dir.path });
  const asked = async (bearer: string, query = "", init: RequestInit = {}) =>
    await fetch(`${agent.admin}/v1/audit${query}`, {
      ...init,
      headers: { "content-type": "application/json", ...(bearer && { authorization: `Bearer ${bearer}` }) },
    });
  const auditor = await token("auditor", "audit");
  const acme = await token("acme", "audit", "--tenant", "acme");
  const body = JSON.stringify({ user_id: "ann", model: "m", prompt: "a question", response: "an answer" });
  for (const bearer of [auditor, acme]) {
    assert.equal((await asked(bearer, "", { method: "POST", body })).status, 202);
  }
  const read = async (bearer: string, query = "") => {
    const answer = await asked(bearer, `/records?${query}`);
    return { status: answer.status, ...await answer.json().catch(() => ({})) };
  };
  await until(async () => (await read(auditor, "text=a%20question")).records?.length === 2 || undefined);
  assert.equal((await read("")).status, 401);
  assert.equal((await read(await token("reader", "read"))).status, 403);
  assert.equal((await read(await token("ops", "admin"), "user=ann&limit=1")).records.length, 1);
  assert.deepEqual(
    (await read(acme, "user=ann")).records.map((each: { record: { tenant: string } }) => each.record.tenant),
    ["acme"],
  );
  assert.equal((await read(acme, "tenant=default")).status, 403);
  assert.equal((await read(auditor, "from=soon")).status, 400);
  assert.equal((await read(auditor, "limit=0")).status, 400);
  await until(async () => {
    const actors = (await records(dir.path)).filter(({ kind }) => kind === "access").map(({ facts }) =>
      facts.actor
    );
    return ["auditor", "acme", "ops"].every((name) => actors.includes(name)) || undefined;
  });
  assert.equal(await agent.stop(), 0, agent.said());
});
