import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestAgent, type TestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";

const turn = (number: number, user: string, said: string) => ({
  schema: "tapes.turn.v1",
  id: `turn-${number}`,
  revision: 1,
  conversation: "c",
  user,
  provider: "openai",
  model: "gpt-4o",
  endpoint: "chat-completions",
  status: 200,
  outcome: number % 5 === 4 ? "upstream-cut" : "complete",
  started_at: "2026-01-02T03:04:05Z",
  ended_at: "2026-01-02T03:04:06Z",
  messages: [{ hash: "a".repeat(64), role: "user", content: [{ type: "text", text: said }] }],
  answers: [{
    hash: "b".repeat(64),
    role: "assistant",
    content: [{ type: "text", text: `"yes", he said\n${number}` }],
  }],
});

async function withTrail(work: (agent: TestAgent, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "capstan-export-"));
  try {
    await using agent = await openTestAgent(audit, { now: Date.now() });
    const values = Array.from(
      { length: 20 },
      (_, at) => ({ value: turn(at, at % 2 ? "ann" : "bea", at === 3 ? "=1+1" : `asked ${at}`) }),
    );
    await agent.deliver("tapes.turns.v1", values);
    const { code, stderr } = await agent.command("audit erase", [], { user: "bea", yes: true });
    assert.equal(code, 0, stderr);
    await writeFile(join(folder, "trail.vkey"), (await agent.command("audit key")).stdout);
    await work(agent, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function run(
  agent: TestAgent,
  path: string,
  args: string[],
  options: Record<string, string | boolean>,
) {
  const { code, stdout, stderr } = await agent.command(path, args, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

const lines = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("an export verifies, whole or picked out, opened or sealed; erased contents are marked", async () => {
  await withTrail(async (agent, folder) => {
    const key = join(folder, "trail.vkey");
    const out = join(folder, "trail.jsonl");
    const cases: Record<string, string | boolean>[] = [{}, { sealed: true }, { user: "ann" }, {
      user: "ann",
      sealed: true,
    }, {
      from: "2026-01-01",
    }];
    for (const options of cases) {
      assert.equal(await run(agent, "audit export", [], { ...options, out }), "");
      assert.equal((await stat(out)).mode & 0o777, 0o600);
      const verified = await agent.command("audit verify", [], { key, export: out });
      assert.equal(verified.code, 0, `${JSON.stringify(options)}: ${verified.stdout}${verified.stderr}`);
      const all = lines(await readFile(out, "utf8"));
      const opened = all.filter((line) => "opened" in line).map(({ opened }) => opened);
      const picked = "user" in options;
      if (picked) assert.equal(all.filter((line) => "proof" in line).length, 10);
      assert.equal(opened.length, "sealed" in options ? 0 : picked ? 10 : 20);
      if ("sealed" in options) assert.ok(!JSON.stringify(all).includes("asked 1"));
      else {
        assert.equal(opened.filter(({ erased }) => erased).length, picked ? 0 : 10);
        assert.ok(opened.every(({ erased, content }) => erased === (content === null)));
        assert.ok(opened.some(({ content }) => content?.prompt === "asked 1"));
      }
    }
    const broken = (await readFile(out, "utf8")).replace("upstream-cut", "complete");
    await writeFile(out, broken);
    assert.equal((await agent.command("audit verify", [], { key, export: out })).code, 1);
    const access = agent.store.read((db) =>
      db.all<{ record: Uint8Array }>("SELECT record FROM audit_records WHERE kind = 'access' ORDER BY seq")
    ).map(({ record }) => JSON.parse(new TextDecoder().decode(record)).facts);
    assert.deepEqual(access.map(({ action, records, format }) => [action, records, format])[2], [
      "export",
      10,
      "jsonl",
    ]);
    assert.match(access[0].actor, /^cli/);
    assert.match(access[2].subjects[0], /^[0-9a-f]{32}$/);
    assert.ok(!JSON.stringify(access).includes("ann"));
  });
});

Deno.test("CSV quotes as RFC 4180 says and disarms formulas; OCSF and CloudEvents have what their forms ask for", async () => {
  await withTrail(async (agent, folder) => {
    const out = join(folder, "trail.csv");
    await run(agent, "audit export", [], { format: "csv", user: "ann", out });
    const csv = await readFile(out, "utf8");
    assert.match(csv, /^writer,seq,time,kind,.*,hash,prev\r\n/);
    assert.ok(
      csv.includes(`,ann,gpt-4o,complete,200,turn-3,'=1+1,"""yes"", he said\n3",,`),
      csv.slice(0, 900),
    );
    const verified = await agent.command("audit verify", [], {
      key: join(folder, "trail.vkey"),
      export: `${out}.trail.jsonl`,
    });
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const ocsf = lines(await run(agent, "audit export", [], { format: "ocsf" }));
    const call = ocsf.find(({ metadata, unmapped }) => unmapped.kind === "turn" && metadata.sequence > 0);
    assert.deepEqual([call.class_uid, call.category_uid, call.type_uid, call.severity_id], [
      6003,
      6,
      600301,
      1,
    ]);
    for (const event of ocsf) {
      assert.equal(event.type_uid, event.class_uid * 100 + event.activity_id);
      for (const required of ["actor", "api", "src_endpoint", "time", "metadata"]) {
        assert.ok(event[required], required);
      }
    }
    assert.deepEqual(ocsf.filter(({ status_id }) => status_id === 2).length, 4);
    assert.equal(ocsf.filter(({ unmapped }) => unmapped.erased).length, 10);
    const events = lines(await run(agent, "audit export", [], { format: "cloudevents", sealed: true }));
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
    assert.ok(
      events.every(({ specversion, type, data }) =>
        specversion === "1.0" && type === `capstan.audit.${data.record.kind}` && data.content === undefined
      ),
    );
    assert.equal((await agent.command("audit export", [], { format: "xml" })).code, 2);
  });
});

Deno.test("search finds by text, user, model, outcome and time, newest first, and is entered itself", async () => {
  await withTrail(async (agent) => {
    const found = async (args: string[], options: Record<string, string | boolean> = {}) =>
      lines(await run(agent, "audit search", args, { ...options, json: true }) || "[]\n");
    assert.deepEqual((await found(["ASKED 1"])).map(({ content }) => content.prompt), [
      "asked 19",
      "asked 17",
      "asked 15",
      "asked 13",
      "asked 11",
      "asked 1",
    ]);
    assert.equal((await found([], { user: "ann", limit: "4" })).length, 4);
    assert.equal(
      (await found([], { user: "bea", model: "gpt-4o" })).filter(({ erased }) => erased).length,
      10,
    );
    assert.equal((await found([], { outcome: "upstream-cut" })).length, 4);
    assert.deepEqual((await found([], { to: "2020-01-01" })).flat(), []);
    assert.deepEqual((await found([], { user: "nobody" })).flat(), []);
    const shown = await run(agent, "audit search", ["asked 17"], {});
    assert.match(shown, /^\d+ {2}\S+Z {2}turn {2}ann {2}gpt-4o\n {2}asked 17\n {2}→ "yes", he said 17\n$/);
    const accesses = await found([], { model: "none" }).then(() => found(["search"], {}));
    assert.ok(accesses.length > 5 && accesses.every(({ record }) => record.kind === "access"));
    assert.equal((await agent.command("audit search", [], { limit: "0" })).code, 2);
  });
});
