import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import canonicalize from "canonicalize";
import { type Agent, startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { type PrintedRecord, recordsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";
import { until } from "./until.ts";

const examples = fileURLToPath(new URL("../examples/", import.meta.url));

/** An agent that runs one example, away from this repository. */
interface Rig extends AsyncDisposable {
  readonly dir: string;
  readonly agent: Agent;
  /** What a topic holds, once it holds so many records. */
  records(topic: string, count: number): Promise<PrintedRecord[]>;
}

async function withExample(
  name: string,
  options: { settings?: string; prepare?: (dir: string) => Promise<void> } = {},
): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  try {
    const { path: dir } = stack.use(await tempDir());
    const upstream = stack.use(await startStandIn());
    await cp(join(examples, name), join(dir, name), { recursive: true });
    const tables = `[plugins.${name}]\nmodule = "./${name}"\n${options.settings ?? ""}`;
    await writeConfig(dir, { upstream: upstream.origin, tables });
    await options.prepare?.(dir);
    const agent = stack.use(await startAgent({ dir }));
    return {
      dir,
      agent,
      records: (topic, count) =>
        until(async () => {
          const records = await recordsOf(topic, { dir });
          return records.length >= count ? records : undefined;
        }),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** As `npm install` would: the package's folder of the pinned version. */
async function installCanonicalize(folder: string): Promise<void> {
  const module = fileURLToPath(import.meta.resolve("canonicalize"));
  await cp(dirname(dirname(module)), join(folder, "node_modules", "canonicalize"), { recursive: true });
}

function field(value: unknown, key: string): unknown {
  assert.ok(typeof value === "object" && value !== null);
  return Object.entries(value).find(([name]) => name === key)?.[1];
}

Deno.test("every example passes plugins check, types and all, and has a README with its table", async () => {
  const names = [...Deno.readDirSync(examples)].map(({ name }) => name).sort();
  assert.deepEqual(names, [
    "consume_nine",
    "enrich",
    "npm_dependency",
    "print",
    "redact_and_forward",
    "webhook_sink",
  ]);
  await Promise.all(names.map(async (name) => {
    await using dir = await tempDir();
    await cp(join(examples, name), dir.path, { recursive: true });
    if (name === "npm_dependency") await installCanonicalize(dir.path);
    const { code, out, error } = await capstan({ args: ["plugins", "check", dir.path] });
    assert.equal(code, 0, error);
    assert.match(out, new RegExp(`^fine: ${name}, `));
    const types = name === "npm_dependency" ? /types: not checked/ : /types: checked/;
    assert.match(out, types);
    assert.ok(
      (await Deno.readTextFile(join(dir.path, "README.md"))).includes(`[plugins.${name}]\nmodule = `),
    );
  }));
});

Deno.test("every example's own tests pass by plugins test, away from this repository", async () => {
  // One after the other: each starts some agents.
  for (const { name } of Deno.readDirSync(examples)) {
    await using dir = await tempDir();
    await cp(join(examples, name), dir.path, { recursive: true });
    if (name === "npm_dependency") await installCanonicalize(dir.path);
    const { code, out, error } = await capstan({ args: ["plugins", "test", dir.path] });
    assert.equal(code, 0, `${name}: ${out}${error}`);
    assert.match(out, /ok \| [1-9]\d* passed \| 0 failed/);
  }
});

Deno.test("example print: each turn is a line of the log, cut at its setting", async () => {
  await using rig = await withExample("print", { settings: "length = 9\n" });
  await oneTurn(rig.agent.proxy, "hello", { stream: false });
  const line = await until(() => rig.agent.said().split("\n").find((each) => each.includes("stand-in-1: ")));
  assert.match(line, /stand-in-1: echo: hel(?!l)/);
  assert.equal(await rig.agent.stop(), 0);
});

Deno.test("example redact_and_forward: what goes out has no address and no key, and keeps the rest", async () => {
  await using rig = await withExample("redact_and_forward");
  const text = "ask ada@example.com, the key is sk-0123456789abcdef";
  await oneTurn(rig.agent.proxy, text, { stream: false });
  const [record] = await rig.records("turns.redacted.v1", 1);
  const [source] = await rig.records("tapes.turns.v1", 1);
  assert.equal(record?.key, source?.key);
  const out = JSON.stringify(record?.value);
  assert.doesNotMatch(out, /ada@example|sk-0123/);
  assert.match(out, /echo: ask \[redacted\], the key is \[redacted\]/);
  assert.equal(field(record?.value, "id"), field(source?.value, "id"));
});

Deno.test("example webhook_sink: a batch that was refused is posted again, signed", async () => {
  const posted: { body: string; signature: string | null }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    posted.push({ body: await request.text(), signature: request.headers.get("x-signature") });
    return new Response(null, { status: posted.length === 1 ? 503 : 204 });
  });
  await using _server = { [Symbol.asyncDispose]: () => server.shutdown() };
  await using rig = await withExample("webhook_sink", {
    settings: `url = "http://127.0.0.1:${server.addr.port}/turns"\nsecret_file = "./secret"\n`,
    prepare: (dir) => Deno.writeTextFile(join(dir, "secret"), "swordfish", { mode: 0o600 }),
  });
  await oneTurn(rig.agent.proxy, "hello", { stream: false });
  const [first, second] = await until(() => posted.length >= 2 ? posted : undefined);
  assert.deepEqual(second, first);
  const signature = createHmac("sha256", "swordfish").update(second?.body ?? "").digest("hex");
  assert.equal(second?.signature, `sha256=${signature}`);
  const turns: unknown = JSON.parse(second?.body ?? "");
  assert.ok(Array.isArray(turns));
  assert.deepEqual(turns.map((turn) => field(turn, "schema")), ["tapes.turn.v1"]);
  await until(async () =>
    /^capstan_webhook_sink_posted(_total)? 1$/m.test(
      await (await fetch(`${rig.agent.admin}/metrics`)).text(),
    ) || undefined
  );
});

Deno.test("example webhook_sink: without a URL the agent refuses to start, and says what is needed", async () => {
  await using dir = await tempDir();
  await writeConfig(dir.path, {
    upstream: "http://127.0.0.1:9",
    tables: `[plugins.webhook_sink]\nmodule = "${join(examples, "webhook_sink")}"\n`,
  });
  const { code, error } = await capstan({ args: ["run", "--config-dir", dir.path] });
  assert.equal(code, 1);
  assert.match(error, /Cannot post turns: set url and secret/);
});

Deno.test("example enrich: the team that its command wrote is in the events", async () => {
  await using rig = await withExample("enrich", {
    prepare: async (dir) => {
      const { code, out } = await capstan({ args: ["enrich", "set", "ada", "engines", "--config-dir", dir] });
      assert.deepEqual([code, out], [0, "ada: engines\n"]);
    },
  });
  for (const user of ["ada", "bob"]) {
    const response = await fetch(`${rig.agent.proxy}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-capstan-user": user },
      body: JSON.stringify({ model: "stand-in-1", messages: [{ role: "user", content: user }] }),
    });
    assert.equal(response.status, 200);
    await response.text();
  }
  const records = await rig.records("turns.enriched.v1", 2);
  const teams = Object.fromEntries(
    records.map(({ value }) => [String(field(value, "user")), field(value, "team")]),
  );
  assert.deepEqual(teams, { ada: "engines", bob: "unknown" });
});

Deno.test("example npm_dependency: a package of its own node_modules is at work in it", async () => {
  await using rig = await withExample("npm_dependency", {
    prepare: (dir) => installCanonicalize(join(dir, "npm_dependency")),
  });
  await oneTurn(rig.agent.proxy, "hello", { stream: false });
  const [record] = await rig.records("turns.digests.v1", 1);
  const [source] = await rig.records("tapes.turns.v1", 1);
  const text = canonicalize(source?.value) ?? "";
  assert.equal(field(record?.value, "sha256"), createHash("sha256").update(text).digest("hex"));
});
