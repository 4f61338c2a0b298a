import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { capstanCommand } from "./capstan.ts";
import { tempDir } from "./temp_dir.ts";

const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Commands that have no need of Kafka's client, and one that has, to show that this notices it. */
const WITHOUT = [["--help"], ["run", "--help"], ["version"], ["config", "show"], ["log", "--help"]];
const WITH = ["topics", "list"];

interface Said {
  code: number;
  text: string;
}

/** What is made to break where the client is loaded: the sources' import, or the executable's files. */
interface Broken {
  run(args: readonly string[]): Promise<Said>;
}

/** Sources that import a client that can't be loaded. */
async function brokenSources(dir: string): Promise<Broken> {
  const config = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const broken = join(dir, "kafka.ts");
  await Deno.writeTextFile(broken, `throw new Error("the client was loaded");\n`);
  // What deno.json says of a package holds for what is in it, too; a plain import map must say so.
  const within = Object.entries<string>(config.imports).filter(([, to]) => to.startsWith("npm:"))
    .map(([name, to]) => [`${name}/`, `${to.replace("npm:", "npm:/")}/`]);
  const ours = Object.entries<string>(config.imports).filter(([, to]) => to.startsWith("./"))
    .map(([name, to]) => [name, join(root, to)]);
  const imports = {
    ...config.imports,
    ...Object.fromEntries([...within, ...ours]),
    "@platformatic/kafka": broken,
  };
  const map = join(dir, "imports.json");
  await Deno.writeTextFile(map, JSON.stringify({ imports }));
  const flags = ["run", "-A", "--quiet", "--no-check", "--no-lock", "--import-map", map];
  return {
    run: (args) =>
      finish(new Deno.Command(Deno.execPath(), options([...flags, join(root, "main.ts"), ...args]))),
  };
}

/** An executable whose unpacked files with the client in them are gone. */
async function brokenExecutable(dir: string): Promise<Broken> {
  const env = { CAPSTAN_CACHE: join(dir, "cache") };
  const run = (args: readonly string[]) => finish(capstanCommand({ args, env, stdin: "null" }));
  assert.equal((await run(["--version"])).code, 0);
  const [version] = [...Deno.readDirSync(env.CAPSTAN_CACHE)];
  const unpacked = join(env.CAPSTAN_CACHE, version?.name ?? "");
  let removed = 0;
  for (const { name } of [...Deno.readDirSync(unpacked)].filter(({ name }) => name.endsWith(".js"))) {
    const text = await Deno.readTextFile(join(unpacked, name));
    if (!/^\/\/ .*\/@platformatic\/kafka\//m.test(text)) continue;
    await Deno.remove(join(unpacked, name));
    removed++;
  }
  assert.ok(removed > 0, "no file has the client");
  return { run };
}

function options(args: string[]): Deno.CommandOptions {
  return { args, stdin: "null", stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } };
}

async function finish(command: Deno.Command): Promise<Said> {
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Whether it keeps its files within, as one of `deno compile` does; the sources then stand for it. */
async function isNative(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const head = new Uint8Array(2);
  await file.read(head);
  return new TextDecoder().decode(head) !== "#!";
}

const unpacks = executable !== undefined && !await isNative(executable);

Deno.test("Kafka's client is loaded by what uses Kafka alone", async (t) => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  const program = await (unpacks ? brokenExecutable : brokenSources)(dir.path);
  for (const args of WITHOUT) {
    await t.step(`not by capstan ${args.join(" ")}`, async () => {
      const { code, text } = await program.run([...args, ...args.length > 1 ? ["--config-dir", data] : []]);
      assert.equal(code, 0, text);
    });
  }
  await t.step(`but by capstan ${WITH.join(" ")} on Kafka`, async () => {
    await Deno.mkdir(data);
    await Deno.writeTextFile(join(data, "config.toml"), '[kafka]\nbootstrap_servers = ["127.0.0.1:9"]\n');
    const { code, text } = await program.run([...WITH, "--config-dir", data]);
    assert.equal(code, 1, text);
    assert.match(text, /the client was loaded|[Mm]odule not found/);
  });
});
