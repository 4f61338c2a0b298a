import assert from "node:assert/strict";
import { join } from "node:path";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";
import { until } from "./until.ts";

/** A plugin as a user writes one: types alone of ours. It tells of each turn on a route. */
const GREETER = `import type { Plugin } from "capstan";

export default {
  name: "greeter",
  doc: "Greets each turn.",
  config: { greeting: { type: "string", default: "Hello", doc: "What to say." } },
  setup(ctx, config) {
    const said: string[] = [];
    ctx.stream<{ model: string }>({ topics: ["tapes.turns.v1"], group: "greeter" }, (batch) => {
      for (const record of batch.records) said.push(\`\${config.greeting}, turn of \${batch.topic}\`);
    });
    ctx.route("GET", "/greeter", () => Response.json(said));
    ctx.command({
      path: "greet",
      doc: "Greets at once.",
      creates: true,
      async run({ stdout }) {
        await stdout.write(\`\${config.greeting}\\n\`);
      },
    });
  },
} satisfies Plugin;
`;

Deno.test("a plugin of one TypeScript file has settings, flags, variables, a command and a stream", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await Deno.writeTextFile(join(dir.path, "greeter.ts"), GREETER);
  const tables = `[plugins.greeter]\nmodule = "./greeter.ts"\ngreeting = "Moin"\n`;
  await writeConfig(dir.path, { upstream: upstream.origin, tables });
  const told = ["--config-dir", dir.path];
  assert.equal((await capstan({ args: ["greet", ...told] })).out, "Moin\n");
  const env = { CAPSTAN_PLUGINS_GREETER_GREETING: "Salve" };
  assert.equal((await capstan({ args: ["greet", ...told], env })).out, "Salve\n");
  assert.match((await capstan({ args: ["run", "--help", ...told] })).out, /--greeter-greeting <text>/);
  await using agent = await startAgent({ dir: dir.path, args: ["run", "--greeter-greeting", "Servus"] });
  await oneTurn(agent.proxy, "hello", { stream: false });
  const said = await until(async () => {
    const list: unknown = await (await fetch(`${agent.admin}/greeter`)).json();
    return Array.isArray(list) && list.length > 0 ? list : undefined;
  });
  assert.deepEqual(said, ["Servus, turn of tapes.turns.v1"]);
  const listed = JSON.parse((await capstan({ args: ["plugins", "list", "--json", ...told] })).out);
  assert.deepEqual(listed.map((each: { name: string; state: string }) => [each.name, each.state]), [
    ["tapes", "enabled"],
    ["insights", "disabled"],
    ["audit", "disabled"],
    ["greeter", "enabled"],
  ]);
});

Deno.test("plugins list says in 80 columns what each registers, and which can't be set up", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(
    `${dir.path}/broken.ts`,
    `export default { name: "broken", setup() { throw new Error("it has no engine"); } };\n`,
  );
  await Deno.writeTextFile(`${dir.path}/config.toml`, `[plugins.broken]\nmodule = "./broken.ts"\n`);
  const { code, out, error } = await capstan({ args: ["plugins", "list", "--config-dir", dir.path] });
  assert.equal(code, 1);
  assert.match(out, /^tapes +enabled +built in\n {2}topics {4}tapes\.calls\.v1, tapes\.nodes\.v1/);
  assert.match(out, /^broken +failed /m);
  const own = out.split("\n").filter((line) => !line.startsWith("broken"));
  assert.ok(Math.max(...own.map((line) => line.length)) <= 80, out);
  assert.equal(error, "failed: it has no engine\n");
});

Deno.test("what is wrong with a plugin is said with file and line, and ends with 78", async () => {
  const plugin = (rest: string) => `export default { name: "greeter", ${rest} };\n`;
  const cases: { code: string | null; settings?: string; wrong: RegExp }[] = [
    { code: null, wrong: /config\.toml:\d+:1: plugin greeter: .*greeter\.ts: it does not exist/ },
    { code: "export const x = 1;\n", wrong: /its default export is no plugin: write `export default/ },
    { code: plugin(""), wrong: /it has no setup\(ctx, config\)/ },
    { code: "throw new Error('boom');\n", wrong: /Cannot load .*greeter\.ts: boom/ },
    { code: "export default {", wrong: /Cannot load .*greeter\.ts: / },
    {
      code: `export default { name: "other", setup() {} };\n`,
      wrong: /it calls itself other; its table must be \[plugins\.other\]/,
    },
    {
      code: GREETER,
      settings: 'greting = "Moin"\n',
      wrong:
        /config\.toml:\d+:1: plugins\.greeter\.greting is not a setting.*did you mean plugins\.greeter\.greeting/,
    },
    {
      code: plugin(`config: { enabled: { type: "boolean", doc: "x" } }, setup() {}`),
      wrong: /plugins\.greeter\.enabled is a key of the agent's own/,
    },
  ];
  await Promise.all(cases.map(async ({ code, settings = "", wrong }) => {
    await using dir = await tempDir();
    if (code !== null) await Deno.writeTextFile(join(dir.path, "greeter.ts"), code);
    await Deno.writeTextFile(
      join(dir.path, "config.toml"),
      `[admin]\nlisten = "127.0.0.1:0"\n\n[plugins.greeter]\nmodule = "./greeter.ts"\n${settings}`,
    );
    for (const command of [["config", "check"], ["run"]]) {
      const ended = await capstan({ args: [...command, "--config-dir", dir.path] });
      assert.match(ended.error, wrong);
      assert.equal(ended.code, 78);
    }
  }));
});

Deno.test("an optional plugin that fails is said and left out; a setup that throws stops the start without that", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await Deno.writeTextFile(
    join(dir.path, "greeter.ts"),
    `export default { name: "greeter", setup(ctx) { ctx.topic({ name: "mine", partitions: 1 }); throw new Error("no"); } };`,
  );
  const table = `[plugins.greeter]\nmodule = "./greeter.ts"\n`;
  await writeConfig(dir.path, { upstream: upstream.origin, tables: table });
  const refused = await capstan({ args: ["run", "--config-dir", dir.path] });
  assert.equal(refused.code, 1);
  assert.match(refused.error, /Cannot set up plugin greeter: no/);
  await writeConfig(dir.path, { upstream: upstream.origin, tables: `${table}optional = true\n` });
  await using agent = await startAgent({ dir: dir.path });
  assert.match(agent.said(), /Cannot set up plugin greeter: no/);
  assert.equal(await oneTurn(agent.proxy, "hello", { stream: false }), "echo: hello");
  assert.equal(await agent.stop(), 0);
  await Deno.remove(join(dir.path, "greeter.ts"));
  await using again = await startAgent({ dir: dir.path });
  assert.match(again.said(), /starting without it: .*it does not exist/);
});

Deno.test("a module that a found configuration names is loaded once it was trusted, and again after a change", async () => {
  await using dir = await tempDir();
  const home = join(dir.path, "home");
  const project = join(home, "project");
  const folder = join(project, ".capstan");
  await Deno.mkdir(folder, { recursive: true });
  const module = join(folder, "greeter.ts");
  await Deno.writeTextFile(module, GREETER);
  await Deno.writeTextFile(join(folder, "config.toml"), '[plugins.greeter]\nmodule = "./greeter.ts"\n');
  const env = { HOME: home, XDG_STATE_HOME: join(home, "state") };
  const call = (...args: string[]) => capstan({ args, env, cwd: project });
  // Neither is trusted: no code, and the command that the plugin brings is unknown.
  assert.equal((await call("greet")).code, 2);
  assert.equal((await call("trust")).code, 0);
  const untrusted = await call("config", "check");
  assert.equal(untrusted.code, 78);
  assert.match(untrusted.error, /greeter\.ts is not trusted .* capstan plugins trust .*greeter\.ts/);
  assert.match((await call("plugins", "trust", ".capstan/greeter.ts")).out, /is trusted as it is now/);
  assert.equal((await call("greet")).out, "Hello\n");
  await Deno.writeTextFile(module, `${GREETER}// changed\n`);
  assert.match((await call("config", "check")).error, /is not trusted/);
  await call("plugins", "trust", ".capstan/greeter.ts");
  await call("plugins", "trust", "--revoke", ".capstan/greeter.ts");
  assert.equal((await call("config", "check")).code, 78);
});

Deno.test("plugins check loads a module and says what it registers, or what is wrong with it", async () => {
  await using dir = await tempDir();
  const module = join(dir.path, "greeter.ts");
  await Deno.writeTextFile(module, GREETER);
  const fine = await capstan({ args: ["plugins", "check", module] });
  assert.deepEqual([fine.code, fine.error], [0, ""]);
  assert.match(
    fine.out,
    /fine: greeter.*\n {2}settings: greeting\n {2}reads: tapes\.turns\.v1\n {2}commands: greet\n/,
  );
  await Deno.writeTextFile(module, `export default { name: "tapes", setup() {} };`);
  assert.match((await capstan({ args: ["plugins", "check", module] })).error, /named tapes is built in/);
});
