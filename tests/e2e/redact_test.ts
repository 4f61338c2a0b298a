import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { type PrintedRecord, recordsOf } from "./records.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** What must be found nowhere, by where it was put. None of them is anybody's. */
const PLANTED = {
  system: "sk-proj-SYSTEMabcDEF1234567890abcDEF12345678",
  question: "question.person@planted.example",
  earlier: "4111 1111 1111 1111",
  image: "hidden.in.url@planted.example",
  parameter: "parameter.person@planted.example",
  user: "user.person@planted.example",
  target: "target.person@planted.example",
  agent: "header.person@planted.example",
  session: "session.person@planted.example",
  userAgent: "agent.person@planted.example",
  answer: "ghp_answerABCDEF1234567890abcdefABCDEF123",
  toolInput: "xoxb-123456789012-tool-abcdefABCDEF123456",
  toolPassword: "hunter2-tool-input!",
  toolOutput: "DE89370400440532013000",
  error: "sk-proj-ERRORabcDEF1234567890abcDEF123456789",
  feedback: "feedback.person@planted.example",
  audit: "audit.person@planted.example",
  auditUser: "audit.user@planted.example",
  auditCommand: "audit.command@planted.example",
  published: "published.person@planted.example",
  publishedKey: "published.key@planted.example",
  publishedHeader: "published.header@planted.example",
  pluginValue: "plugin.value@planted.example",
  pluginKey: "plugin.key@planted.example",
  pluginHeader: "plugin.header@planted.example",
  pluginBytes: "plugin.bytes@planted.example",
  pluginLog: "plugin.log@planted.example",
  pluginField: "plugin.field@planted.example",
  pluginError: "plugin.error@planted.example",
  pluginLabel: "plugin.label@planted.example",
  isolated: "isolated.value@planted.example",
  isolatedLog: "isolated.log@planted.example",
  own: "E-424242",
} as const;

const LEAKS = `export default {
  name: "leaks",
  setup(ctx) {
    ctx.topic({ name: "leaks.v1", partitions: 1 });
    ctx.topic({ name: "letters.v1", partitions: 1 });
    const counter = ctx.counter({ name: "things_total", help: "Things.", labels: ["who"] });
    ctx.stream({ topics: ["letters.v1"], attempts: 1 }, () => { throw new Error("no ${PLANTED.pluginError}"); });
    ctx.route("POST", "/leak", async () => {
      const bytes = new TextEncoder().encode('{"from":"${PLANTED.pluginBytes}"}');
      const producer = ctx.producer("leaks.v1");
      await producer.send({ from: "${PLANTED.pluginValue}" }, {
        key: "${PLANTED.pluginKey}",
        headers: { from: "${PLANTED.pluginHeader}" },
      });
      await producer.send(bytes);
      await ctx.producer("letters.v1").send({ n: 1 });
      ctx.log.warn("${PLANTED.pluginLog} came", { by: "${PLANTED.pluginField}", error: new Error("${PLANTED.pluginError}") });
      counter.inc({ who: "${PLANTED.pluginLabel}" });
      return new Response(ctx.redact.text("${PLANTED.pluginValue}"));
    });
  },
};
`;

const APART = `export default {
  name: "apart",
  setup(ctx) {
    ctx.topic({ name: "apart.v1", partitions: 1 });
    ctx.route("POST", "/apart", async () => {
      await ctx.producer("apart.v1").send({ from: "${PLANTED.isolated}" });
      ctx.log.warn("${PLANTED.isolatedLog} came");
      return new Response(ctx.redact.identity("${PLANTED.isolated}"));
    });
  },
};
`;

/** Streams an answer whose secrets are split over its deltas; or an error that quotes the key. */
async function startProvider() {
  const bodies: Uint8Array[] = [];
  const server = createServer(async (request, response) => {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    bodies.push(new Uint8Array(await new Blob(parts.map((part) => new Uint8Array(part))).arrayBuffer()));
    if (request.url?.includes("fail")) {
      response.writeHead(401, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ error: { message: `Incorrect API key: ${PLANTED.error}` } }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = (delta: unknown, finish_reason: string | null = null) =>
      response.write(
        `data: ${
          JSON.stringify({
            id: "chatcmpl-1",
            created: 1,
            model: "m",
            choices: [{ index: 0, delta, finish_reason }],
          })
        }\n\n`,
      );
    event({ role: "assistant", content: "" });
    for (const letters of `Take ${PLANTED.answer} and go`.match(/.{1,3}/g) ?? []) event({ content: letters });
    const input = JSON.stringify({ text: `use ${PLANTED.toolInput}`, password: PLANTED.toolPassword });
    event({
      tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "say", arguments: "" } }],
    });
    for (const letters of input.match(/.{1,4}/g) ?? []) {
      event({ tool_calls: [{ index: 0, function: { arguments: letters } }] });
    }
    event({}, "tool_calls");
    response.end("data: [DONE]\n\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the provider has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    bodies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const REQUEST = JSON.stringify({
  model: "m",
  stream: true,
  user: PLANTED.user,
  metadata: { by: PLANTED.parameter },
  messages: [
    { role: "system", content: `You have ${PLANTED.system}` },
    { role: "user", content: `My card is ${PLANTED.earlier}` },
    {
      role: "assistant",
      tool_calls: [{ id: "c0", type: "function", function: { name: "say", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c0", content: `paid from ${PLANTED.toolOutput}` },
    {
      role: "user",
      content: [
        { type: "text", text: `Write to ${PLANTED.question}, ${PLANTED.own}` },
        { type: "image_url", image_url: { url: `https://images.example/?of=${PLANTED.image}` } },
      ],
    },
  ],
});

/** Where records of this test are; what the others hold is in the file. */
const TOPICS = [
  "tapes.turns.v1",
  "tapes.nodes.v1",
  "agent-trace-events",
  "audit-events",
  "ai-learning-signals",
  "leaks.v1",
  "letters.v1.dlq",
  "apart.v1",
  "notes",
  "ai.audit",
];

async function configure(dir: string, upstream: string): Promise<void> {
  await Deno.writeTextFile(join(dir, "leaks.js"), LEAKS);
  await Deno.mkdir(join(dir, "apart"), { recursive: true });
  await Deno.writeTextFile(join(dir, "apart", "mod.js"), APART);
  await Deno.writeTextFile(
    join(dir, "config.toml"),
    `[admin]
listen = "127.0.0.1:0"
[redact]
enabled = true
[redact.actions]
email = "hash"
[redact.patterns.employee]
pattern = '\\bE-\\d{6}\\b'
[plugins.tapes]
listen = "127.0.0.1:0"
upstream = "${upstream}"
keep_calls = "1h"
[plugins.insights]
enabled = true
[plugins.audit]
enabled = true
[plugins.leaks]
module = "./leaks.js"
[plugins.apart]
module = "./apart/mod.js"
isolation = "worker"
`,
  );
}

/** Events of the calls that were answered. */
function answered(records: readonly PrintedRecord[]): unknown[] {
  return records.flatMap(({ value }) =>
    typeof value === "object" && value !== null && "response_id" in value ? [value] : []
  );
}

/** Which planted secrets stand in some bytes: as they are, as JSON escapes them, without spaces. */
function foundIn(bytes: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(bytes);
  return Object.entries(PLANTED).flatMap(([where, secret]) =>
    text.includes(secret) || text.includes(encodeURIComponent(secret)) ? [where] : []
  );
}

async function filesOf(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isFile, isDirectory } of Deno.readDir(dir)) {
    if (isDirectory && name !== "apart") files.push(...await filesOf(join(dir, name)));
    else if (isFile && !/\.(js|toml)$/.test(name)) files.push(join(dir, name));
  }
  return files;
}

Deno.test("with redaction on, no planted secret is in a file, the log, a topic or a metric; the provider gets every byte", async () => {
  await using dir = await tempDir();
  await using provider = await startProvider();
  await configure(dir.path, provider.origin);
  const said: string[] = [];
  const metrics: string[] = [];
  const run = async (args: readonly string[], stdin?: string) => {
    const { code, out, error } = await capstan({ args: [...args, "--config-dir", dir.path], stdin });
    assert.equal(code, 0, `${args.join(" ")}: ${error}`);
    said.push(out, error);
    return out;
  };
  const turns = () => recordsOf("tapes.turns.v1", { dir: dir.path });
  const ask = async (origin: string) => {
    const path = `/v1/chat/completions?of=${encodeURIComponent(PLANTED.target)}`;
    const response = await fetch(`${origin}/agents/${encodeURIComponent(PLANTED.agent)}${path}`, {
      method: "POST",
      body: REQUEST,
      headers: {
        "content-type": "application/json",
        "user-agent": PLANTED.userAgent,
        "x-capstan-session": PLANTED.session,
      },
    });
    assert.match(await response.text(), /"Tak"/);
  };
  let before: unknown;
  {
    await using agent = await startAgent({ dir: dir.path });
    await ask(agent.proxy);
    await (await fetch(`${agent.proxy}/v1/chat/completions?fail`, { method: "POST", body: REQUEST })).text();
    [before] = await until(async () => {
      const [one, other] = await turns();
      return one && other ? answered([one, other]) : undefined;
    });
    const leaked = await (await fetch(`${agent.admin}/leak`, { method: "POST" })).text();
    assert.match(leaked, /^\[email:[0-9a-f]{12}\]$/);
    const apart = await (await fetch(`${agent.admin}/apart`, { method: "POST" })).text();
    assert.match(apart, /^\[email:[0-9a-f]{12}\]$/);
    const post = async (path: string, body: unknown) => {
      const response = await fetch(agent.admin + path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      });
      assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
    };
    await post("/v1/feedback", {
      response_id: "chatcmpl-1",
      thumbs: "down",
      comment: `ask ${PLANTED.feedback}`,
    });
    await post("/v1/audit", {
      user_id: PLANTED.auditUser,
      model: "m",
      prompt: `of ${PLANTED.audit}`,
      response: "none",
    });
    await run([
      "audit",
      "log",
      "--user",
      "ada",
      "--model",
      "m",
      "--prompt",
      PLANTED.auditCommand,
      "--response",
      "x",
    ]);
    const header = `from=${PLANTED.publishedHeader}`;
    const record = `${PLANTED.publishedKey}|{"of":"${PLANTED.published}"}\n`;
    await run(["publish", "notes", "--create", "-K", "|", "-H", header], record);
    await until(async () =>
      (await recordsOf("letters.v1.dlq", { dir: dir.path })).length > 0 ? true : undefined
    );
    await until(async () =>
      (await recordsOf("ai-learning-signals", { dir: dir.path })).length > 0 ? true : undefined
    );
    metrics.push(await (await fetch(`${agent.admin}/metrics`)).text());
    // What is still in the write-ahead log is on the disk, too.
    for (const file of await filesOf(dir.path)) {
      assert.deepEqual(foundIn(await Deno.readFile(file)), [], file);
    }
    assert.equal(await agent.stop(), 0);
    said.push(agent.said());
  }
  for (const name of TOPICS) said.push(JSON.stringify(await recordsOf(name, { dir: dir.path })));
  await run(["log"]);
  await run(["derive", "--again"]);
  {
    // The same key after a restart: the same hashes, so the same nodes.
    await using agent = await startAgent({ dir: dir.path });
    await ask(agent.proxy);
    const again = await until(async () => answered(await turns())[1]);
    const heads = (value: unknown) => {
      const { request_head, root_hash, user } = value as Record<string, unknown>;
      return { request_head, root_hash, user };
    };
    assert.deepEqual(heads(again), heads(before));
    assert.match(String(heads(before).user), /^\[email:[0-9a-f]{12}\]$/);
    assert.equal(await agent.stop(), 0);
    said.push(agent.said());
  }
  for (const file of await filesOf(dir.path)) assert.deepEqual(foundIn(await Deno.readFile(file)), [], file);
  assert.deepEqual(foundIn(new TextEncoder().encode(said.join("\n"))), []);
  assert.deepEqual(foundIn(new TextEncoder().encode(metrics.join("\n"))), []);
  assert.match(metrics.join("\n"), /capstan_leaks_things_total\{who="\[email:[0-9a-f]{12}\]"\} 1/);
  assert.equal(((await Deno.stat(join(dir.path, "redact.key"))).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(provider.bodies.map((body) => new TextDecoder().decode(body)), [
    REQUEST,
    REQUEST,
    REQUEST,
  ]);
});
