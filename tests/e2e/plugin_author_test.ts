import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { oneTurn } from "./turns.ts";
import { until } from "./until.ts";

/** The deno command as a plugin's author has it, in the plugin's folder. */
async function deno(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  })
    .output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, `deno ${args.join(" ")}: ${said}`);
  return said;
}

async function write(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

const plugin = (name: string, body = "") =>
  `import type { Plugin } from "capstan";\n\nexport default {\n  name: "${name}",\n  setup(ctx) {\n    ` +
  `ctx.log.debug("here");\n${body}  },\n} satisfies Plugin;\n`;

/** A plugin that imports a package; `two` is not in the module itself. */
const WITH_PACKAGE = `import type { Plugin } from "capstan";
import { two } from "@tiny/two";

export default {
  name: "packaged",
  setup(ctx) {
    ctx.command({ path: "packaged", doc: "Says two.", creates: true, run: ({ stdout }) => stdout.write(two + "\\n") });
  },
} satisfies Plugin;
`;

const PACKAGE = {
  "package.json":
    `{ "private": true, "type": "module", "exports": "./mod.ts", "dependencies": { "@tiny/two": "1.0.0" } }`,
  "node_modules/@tiny/two/package.json": `{ "name": "@tiny/two", "version": "1.0.0", "main": "index.js" }`,
  "node_modules/@tiny/two/index.js": `exports.two = "two of " + require("./name.js");`,
  "node_modules/@tiny/two/name.js": `module.exports = "tiny";`,
};

Deno.test("plugins new makes a plugin that passes every check, is tested, and runs as its README says", async () => {
  await using home = await tempDir();
  await using upstream = await startStandIn();
  const env = { HOME: home.path, XDG_STATE_HOME: join(home.path, "state") };
  const cwd = join(home.path, "project");
  const config = join(cwd, ".capstan");
  await Deno.mkdir(config, { recursive: true });
  await writeConfig(config, { upstream: upstream.origin });
  const call = async (...args: string[]) => {
    const { code, out, error } = await capstan({ args, env, cwd });
    assert.equal(code, 0, `${args.join(" ")}: ${out}${error}`);
    return out;
  };
  const made = await call("plugins", "new", "tokens");
  assert.match(made, /^made: mod\.ts\n/);
  const folder = join(cwd, "tokens");
  await deno(folder, "fmt", "--check");
  await deno(folder, "lint");
  await deno(folder, "check", ".");
  assert.match(await call("plugins", "check", "./tokens"), /fine: tokens[^]*\n {2}types: checked\n/);
  assert.match(await call("plugins", "test", "./tokens"), /ok \| [1-9]\d* passed/);

  const readme = await Deno.readTextFile(join(folder, "README.md"));
  const [, toml = ""] = /```toml\n([^]*?)```/.exec(readme) ?? [];
  assert.ok(made.includes('module = "../tokens"') && toml.includes('module = "../tokens"'), made + toml);
  await Deno.writeTextFile(join(config, "config.toml"), toml, { append: true });
  // Made here, so trusted here, as `init` trusts what it makes; the changed configuration is looked at by its author.
  await call("trust");
  {
    await using agent = await startAgent({ dir: config, env });
    await oneTurn(agent.proxy, "hello", { stream: false });
    await until(async () => (await call("tokens")).includes("stand-in-1") || undefined);
    assert.equal(await agent.stop(), 0);
  }
  assert.equal(await call("tokens"), "stand-in-1: 8 tokens in 1 turn\n");
});

Deno.test("plugins new writes over nothing, and takes no name that can't be used", async () => {
  await using dir = await tempDir();
  await write(dir.path, { "tokens/notes.txt": "mine" });
  const call = (...args: string[]) => capstan({ args: ["plugins", "new", ...args], cwd: dir.path });
  const full = await call("tokens");
  assert.equal(full.code, 1);
  assert.match(full.error, /Cannot make plugin tokens: .*tokens is not empty; choose another --dir/);
  assert.deepEqual([...Deno.readDirSync(join(dir.path, "tokens"))].map(({ name }) => name), ["notes.txt"]);
  const wrong = await call("To-Kens");
  assert.deepEqual([wrong.code, /a name is \[a-z\]\[a-z0-9_\]\*/.test(wrong.error)], [2, true]);
  const builtIn = await call("tapes");
  assert.deepEqual([builtIn.code, /one of this name is built in/.test(builtIn.error)], [2, true]);
  for (const command of ["log", "status"]) {
    const taken = await call(command);
    assert.deepEqual([taken.code, /there is a command of this name/.test(taken.error)], [2, true]);
  }
  assert.deepEqual([...Deno.readDirSync(dir.path)].map(({ name }) => name), ["tokens"]);
});

Deno.test("plugins types gives an editor what it needs, once", async () => {
  await using dir = await tempDir();
  await write(dir.path, {
    "hello.ts": plugin("hello"),
    "hello_test.ts":
      `import { testPlugin } from "capstan/testing";\nimport hello from "./hello.ts";\n\ntestPlugin(hello);\n`,
    "deno.json": `{\n  "fmt": { "lineWidth": 100 },\n  "imports": { "other": "./other.ts" }\n}\n`,
  });
  const types = () => capstan({ args: ["plugins", "types"], cwd: dir.path });
  const first = await types();
  assert.deepEqual([first.code, first.error], [0, ""]);
  assert.equal(first.out, "made: capstan.d.ts\nmade: capstan_testing.d.ts\nchanged: deno.json\n");
  await deno(dir.path, "check", "hello.ts", "hello_test.ts");
  assert.deepEqual(JSON.parse(await Deno.readTextFile(join(dir.path, "deno.json"))), {
    fmt: { lineWidth: 100 },
    imports: {
      "other": "./other.ts",
      "capstan": "./capstan.d.ts",
      "capstan/testing": "./capstan_testing.d.ts",
    },
  });
  assert.match((await types()).out, /^(left as it was: \S+\n){3}$/);
});

Deno.test("plugins check finds a wrong type in a module and in its test, and names the line", async () => {
  await using dir = await tempDir();
  await write(dir.path, { "hello.ts": plugin("hello", `    ctx.stream({ topic: "x" });\n`) });
  const check = () => capstan({ args: ["plugins", "check", "hello.ts"], cwd: dir.path });
  const module = await check();
  assert.equal(module.code, 1);
  assert.match(module.error, /Cannot use .*hello\.ts: its types are wrong\nTS\d+[^]*hello\.ts:7:\d+/);
  await write(dir.path, {
    "hello.ts": plugin("hello"),
    "hello_test.ts": `import { testPlugin } from "capstan/testing";\n\ntestPlugin(3);\n`,
  });
  const test = await check();
  assert.equal(test.code, 1);
  assert.match(test.error, /hello_test\.ts:3:\d+/);
});

Deno.test("plugins test runs the tests beside a module, and says with its exit code how they went", async () => {
  await using dir = await tempDir();
  await write(dir.path, {
    "deno.json": `{ "imports": { "helper": "./helper.ts" } }`,
    "helper.ts": `export const three: number = 3;\n`,
    "hello.ts": plugin("hello"),
    "hello_test.ts": `import { three } from "helper";
Deno.test("three is three", () => { if (three !== 3) throw new Error("it is not"); });
Deno.test("three is four", () => { if (three !== 4) throw new Error("it is " + three); });
`,
  });
  const ran = await capstan({ args: ["plugins", "test", "hello.ts"], cwd: dir.path });
  assert.equal(ran.code, 1);
  assert.match(ran.out, /three is three \.\.\. ok/);
  assert.match(ran.out, /three is four \.\.\. FAILED[^]*it is 3/);
  assert.match(ran.out, /1 passed \| 1 failed/);
});

Deno.test("plugins test of a plugin without tests is the suite that every plugin must pass", async () => {
  await using dir = await tempDir();
  await write(dir.path, {
    "good.ts": plugin("good"),
    "bad.ts": plugin("bad", `    if (Math.random() >= 0) throw new Error("no setup for bad");\n`),
  });
  const good = await capstan({ args: ["plugins", "test", "good.ts"], cwd: dir.path });
  assert.equal(good.code, 0, good.out + good.error);
  assert.match(good.out, /good/);
  const bad = await capstan({ args: ["plugins", "test", "bad.ts"], cwd: dir.path });
  assert.equal(bad.code, 1);
  assert.match(bad.out, /no setup for bad/);
});

Deno.test("a plugin's packages come from its own node_modules: when it runs, is checked and is tested", async () => {
  await using dir = await tempDir();
  await write(join(dir.path, "packaged"), {
    ...PACKAGE,
    "mod.ts": WITH_PACKAGE,
    "mod_test.ts": `import { testPlugin } from "capstan/testing";
import { two } from "@tiny/two";
import packaged from "./mod.ts";

testPlugin(packaged);
Deno.test("two", () => { if (two !== "two of tiny") throw new Error(two); });
`,
  });
  await write(dir.path, { "config.toml": `[plugins.packaged]\nmodule = "./packaged"\n` });
  const env = { TMPDIR: join(dir.path, "tmp") };
  await Deno.mkdir(env.TMPDIR);
  const call = (...args: string[]) => capstan({ args, cwd: dir.path, env });
  const said = await call("packaged", "--config-dir", dir.path);
  assert.deepEqual([said.out, said.error, said.code], ["two of tiny\n", "", 0]);
  const checked = await call("plugins", "check", "packaged");
  assert.match(
    checked.out,
    /fine: packaged[^]*types: not checked, .*: npm install --save-dev @types\/node\n/,
  );
  const tested = await call("plugins", "test", "packaged");
  assert.equal(tested.code, 0, tested.out + tested.error);
  assert.match(tested.out, /two \.\.\. ok/);
  assert.deepEqual([...Deno.readDirSync(env.TMPDIR)].map(({ name }) => name), [], "nothing is left behind");
  await Deno.remove(join(dir.path, "packaged", "node_modules"), { recursive: true });
  const missing = await call("plugins", "check", "packaged");
  assert.equal(missing.code, 1);
  assert.match(
    missing.error,
    /it imports the package @tiny\/two, which is not installed; run in .*packaged: npm install\n/,
  );
});

Deno.test({
  name: "of the executable's commands only plugins check and plugins test may start a program, its own deno",
  ignore: Deno.env.get("CAPSTAN_EXECUTABLE") === undefined,
  async fn() {
    await using dir = await tempDir();
    await write(dir.path, {
      "starter.ts":
        `const of = async (command) => (await Deno.permissions.query({ name: "run", command })).state;
console.log(await of(Deno.execPath()), await of("sh"));
export default { name: "starter", setup() {} };
`,
      "config.toml": `[plugins.starter]\nmodule = "./starter.ts"\n`,
    });
    const call = (...args: string[]) => capstan({ args, cwd: dir.path });
    assert.match(
      (await call("plugins", "list", "--config-dir", dir.path)).out,
      /^(prompt|denied) (prompt|denied)\n/,
    );
    assert.match(
      (await call("config", "check", "--config-dir", dir.path)).out,
      /^(prompt|denied) (prompt|denied)\n/,
    );
    assert.match((await call("plugins", "check", "starter.ts")).out, /^granted (prompt|denied)\n/);
    // Its own deno, by whichever path it was unpacked to.
    await Deno.mkdir(join(dir.path, "cache"));
    await Deno.symlink(join(dir.path, "cache"), join(dir.path, "link"));
    const env = { CAPSTAN_CACHE: join(dir.path, "link") };
    const linked = await capstan({ args: ["plugins", "check", "starter.ts"], cwd: dir.path, env });
    assert.match(linked.out, /^granted (prompt|denied)\n/);
  },
});

Deno.test({
  name: "in the executable a plugin that imports values from capstan is told to import types",
  ignore: Deno.env.get("CAPSTAN_EXECUTABLE") === undefined,
  async fn() {
    await using dir = await tempDir();
    await write(dir.path, {
      "value.ts": `import { FencedError } from "capstan";\nexport default FencedError;\n`,
    });
    const { code, error } = await capstan({ args: ["plugins", "check", "value.ts"], cwd: dir.path });
    assert.equal(code, 1);
    assert.match(error, /it imports values from "capstan"; a plugin imports types alone: write import type/);
  },
});

Deno.test({
  name: "the executable runs no code from the network, and says so of a plugin that imports some",
  ignore: Deno.env.get("CAPSTAN_EXECUTABLE") === undefined,
  async fn() {
    await using dir = await tempDir();
    await write(dir.path, {
      "remote.ts": `import "http://127.0.0.1:9/mod.ts";\nexport default { name: "remote", setup() {} };\n`,
    });
    const { code, error } = await capstan({ args: ["plugins", "check", "remote.ts"], cwd: dir.path });
    assert.equal(code, 1);
    assert.match(error, /it imports code from 127\.0\.0\.1:9, .*; keep a copy beside the plugin\n/);
  },
});

Deno.test({
  name:
    "where no program may be started, plugins test runs the suite itself and plugins check leaves the types, and both say so",
  ignore: Deno.env.get("CAPSTAN_EXECUTABLE") !== undefined,
  async fn() {
    await using dir = await tempDir();
    await write(dir.path, {
      "hello.ts": plugin("hello"),
      "hello_test.ts": `Deno.test("mine", () => { throw new Error("it ran"); });\n`,
      "bad.ts": plugin("bad", `    if (Math.random() >= 0) throw new Error("no setup for bad");\n`),
    });
    const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
    const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
    const call = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--config", config, "--deny-run", "--allow-all", main, ...args],
        cwd: dir.path,
        env: { NO_COLOR: "1" },
      }).output();
      return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
    };
    const tested = await call("plugins", "test", "hello.ts");
    assert.equal(tested.code, 0, tested.out + tested.error);
    assert.match(tested.error, /Of the plugin's own tests none is run: this program may start no others\./);
    assert.match(tested.out, /ok \| [1-9]\d* passed \| 0 failed\n$/);
    const bad = await call("plugins", "test", "bad.ts");
    assert.equal(bad.code, 1);
    assert.match(bad.out, /FAILED\n[^]*no setup for bad/);
    await write(join(dir.path, "packaged"), { ...PACKAGE, "mod.ts": WITH_PACKAGE });
    const packaged = await call("plugins", "check", "packaged");
    assert.equal(packaged.code, 1);
    assert.match(
      packaged.error,
      /it imports @tiny\/two from node_modules, where this executable can't look; make one file .*: deno bundle /,
    );
    const checked = await call("plugins", "check", "hello.ts");
    assert.equal(checked.code, 0, checked.error);
    assert.match(
      checked.out,
      /types: not checked, this program may start no others; run: capstan plugins types /,
    );
  },
});
