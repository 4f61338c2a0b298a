import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { recordsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";
import { until } from "./until.ts";

/** Does what it is told on a route, and repeats what users say. */
const TROUBLE = `import canonicalize from "canonicalize";
import type { Plugin } from "capstan";

export default {
  name: "trouble",
  config: {
    word: { type: "string", default: "said", doc: "How it is told." },
    wants: { type: "string", default: "", doc: "What it asks for." },
  },
  setup(ctx, { word, wants }) {
    if (wants === "serve") ctx.serve({ name: "door", listen: "127.0.0.1:0", handler: () => {} });
    if (wants === "store") ctx.store([]);
    ctx.topic({ name: "told.v1", partitions: 1 });
    let batches = 0;
    ctx.stream<{ id: string }>({ topics: ["tapes.turns.v1"] }, (batch) => {
      batches++;
      return batch.records.map((record) => ({
        topic: "told.v1",
        value: { told: canonicalize({ [word]: "turn", from: typeof record.data.id }), batches },
        from: record,
      }));
    });
    ctx.route("POST", "/trouble/:kind", async (_request, { kind }) => {
      if (kind === "crash") setTimeout(() => { throw new Error("kaputt"); });
      if (kind === "loop") for (;;);
      if (kind === "read") return new Response(await Deno.readTextFile("/etc/hostname"));
      if (kind === "env") return new Response(Deno.env.get("TROUBLE_SECRET"));
      return new Response(kind);
    });
  },
} satisfies Plugin;
`;

/** As \`npm install\` would. */
async function installCanonicalize(folder: string): Promise<void> {
  const module = fileURLToPath(import.meta.resolve("canonicalize"));
  await cp(dirname(dirname(module)), join(folder, "node_modules", "canonicalize"), { recursive: true });
}

async function withTrouble(settings: string) {
  const stack = new AsyncDisposableStack();
  const { path: dir } = stack.use(await tempDir());
  const upstream = stack.use(await startStandIn());
  await Deno.mkdir(join(dir, "trouble"));
  await Deno.writeTextFile(join(dir, "trouble", "mod.ts"), TROUBLE);
  await installCanonicalize(join(dir, "trouble"));
  const configure = (more: string) =>
    writeConfig(dir, {
      upstream: upstream.origin,
      tables: `[plugins.trouble]\nmodule = "./trouble"\nisolation = "worker"\n${more}`,
    });
  await configure(settings);
  return { dir, configure, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

Deno.test("an isolated plugin works like any other, with packages, settings and flags; its faults are its own", async () => {
  await using rig = await withTrouble('handler_timeout = "5s"\n');
  const { dir } = rig;
  await using agent = await startAgent({ dir, args: ["run", "--trouble-word", "spoken"] });
  const told = (count: number) =>
    until(async () => {
      const records = await recordsOf("told.v1", { dir });
      return records.length === count ? records.map(({ value }) => value) : undefined;
    });
  const make = (kind: string) => fetch(`${agent.admin}/trouble/${kind}`, { method: "POST" });
  await oneTurn(agent.proxy, "one", { stream: false });
  assert.deepEqual(await told(1), [{ told: '{"from":"string","spoken":"turn"}', batches: 1 }]);
  assert.equal(await (await make("nothing")).text(), "nothing");

  await (await make("crash")).body?.cancel();
  await until(() => /Its worker died.*kaputt/.test(agent.said()) || undefined);
  await oneTurn(agent.proxy, "two", { stream: false });
  // It began with an empty memory.
  assert.deepEqual((await told(2)).at(-1), { told: '{"from":"string","spoken":"turn"}', batches: 1 });

  const hung = await make("loop");
  await hung.body?.cancel();
  assert.equal(hung.status, 500);
  assert.match(agent.said(), /did not answer within 5s \(plugins\.trouble\.handler_timeout\)/);
  assert.equal(await oneTurn(agent.proxy, "three", { stream: false }), "echo: three");
  await told(3);
  const health: unknown = await (await fetch(`${agent.admin}/healthz`)).json();
  assert.match(JSON.stringify(health), /"trouble":\{"status":"ok","figures":\{"worker_restarts":2\}\}/);
  assert.equal(await agent.stop(), 0);
});

Deno.test("an isolated plugin may do what its permissions say, and no more", async () => {
  await using rig = await withTrouble('permissions = { env = ["TROUBLE_SECRET"] }\n');
  await using agent = await startAgent({ dir: rig.dir, env: { TROUBLE_SECRET: "s3cr3t" } });
  const make = (kind: string) => fetch(`${agent.admin}/trouble/${kind}`, { method: "POST" });
  assert.equal(await (await make("env")).text(), "s3cr3t");
  const refused = await make("read");
  await refused.body?.cancel();
  assert.equal(refused.status, 500);
  assert.match(agent.said(), /Requires read access to .*\/etc\/hostname/);
});

Deno.test("what an isolated plugin can't have stops the start, with its name, what it is and what to do", async () => {
  await using rig = await withTrouble('wants = "serve"\n');
  const served = await capstan({ args: ["run", "--config-dir", rig.dir] });
  assert.equal(served.code, 1);
  assert.match(
    served.error,
    /Cannot set up plugin trouble: Cannot give trouble the listener door: it is isolated .*ctx\.route/,
  );
  await rig.configure('wants = "store"\n');
  assert.match(
    (await capstan({ args: ["run", "--config-dir", rig.dir] })).error,
    /Cannot give trouble a store/,
  );
});

Deno.test("a wrong isolation, and permissions without one, are refused before any code is loaded", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "trouble.ts"), "throw new Error('loaded');\n");
  const cases: [string, RegExp][] = [
    [
      'isolation = "wroker"',
      /config\.toml:\d+:1: plugins\.trouble\.isolation is "wroker"; it must be one of "none", "worker"/,
    ],
    ['handler_timeout = "soon"', /plugins\.trouble\.handler_timeout is "soon"/],
    [
      'permissions = { net = ["a:1"] }',
      /plugins\.trouble\.permissions\.net restricts nothing, .*isolation = "worker"/,
    ],
  ];
  for (const [settings, wrong] of cases) {
    await Deno.writeTextFile(
      join(dir.path, "config.toml"),
      `[plugins.trouble]\nmodule = "./trouble.ts"\n${settings}\n`,
    );
    const checked = await capstan({ args: ["config", "check", "--config-dir", dir.path] });
    assert.equal(checked.code, 78, settings);
    assert.match(checked.error, wrong);
  }
});

Deno.test("a reload puts an isolated plugin's new code and permissions in the place of the old", async () => {
  await using rig = await withTrouble("");
  const { dir } = rig;
  await using agent = await startAgent({ dir, env: { TROUBLE_SECRET: "s3cr3t" } });
  const make = (kind: string) => fetch(`${agent.admin}/trouble/${kind}`, { method: "POST" });
  assert.equal(await (await make("old")).text(), "old");
  const refused = await make("env");
  await refused.body?.cancel();
  assert.equal(refused.status, 500);
  await rig.configure('permissions = { env = ["TROUBLE_SECRET"] }\n');
  await Deno.writeTextFile(
    join(dir, "trouble", "mod.ts"),
    TROUBLE.replace("new Response(kind)", "new Response(kind?.toUpperCase())"),
  );
  const reloaded = await capstan({ args: ["reload", "--config-dir", dir] });
  assert.equal(reloaded.code, 0, reloaded.error);
  assert.equal(await (await make("new")).text(), "NEW");
  assert.equal(await (await make("env")).text(), "s3cr3t");
});
