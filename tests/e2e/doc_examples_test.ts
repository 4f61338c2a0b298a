import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempDir } from "./temp_dir.ts";

const root = new URL("../../", import.meta.url);

/** A TypeScript block of a document. */
interface Example {
  /** File and line, as part of a file's name. */
  place: string;
  code: string;
  /** It names what is not there: its types alone are checked. */
  typesAlone: boolean;
}

/** The `ts` blocks of a text; in a source those of its comments. */
function examplesOf(file: string, text: string): Example[] {
  const comments = file.endsWith(".ts");
  return [...text.matchAll(/^([ *]*)```ts( ignore)?\n([^]*?)^\1```$/gm)].map((found) => {
    const [, margin = "", ignore, block = ""] = found;
    const line = text.slice(0, found.index).split("\n").length;
    const code = comments
      ? block.split("\n").map((each) => each.slice(margin.length).replace(/^\* ?/, "")).join("\n")
      : block;
    return { place: `${file.replaceAll(/\W/g, "_")}_${line}`, code, typesAlone: ignore !== undefined };
  });
}

async function examplesIn(files: readonly string[]): Promise<Example[]> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(new URL(file, root))));
  return files.flatMap((file, at) => examplesOf(file, texts[at] ?? ""));
}

async function deno(cwd: string, ...args: string[]): Promise<string> {
  const config = fileURLToPath(new URL("deno.json", root));
  const [command = "", ...rest] = args;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", "--no-lock", "--config", config, ...rest],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  return said;
}

/** Writes each example as a test of its own; one that is a plugin is run through the suite for plugins. */
async function write(dir: string, { place, code, typesAlone }: Example): Promise<string> {
  const file = join(dir, `${place}_test.ts`);
  const plugin = !typesAlone && /^export default /m.test(code);
  if (!plugin) {
    await Deno.writeTextFile(file, code);
    return file;
  }
  await Deno.writeTextFile(join(dir, `${place}.ts`), code);
  const topic = /topics: \["([^"]+)"\]/.exec(code)?.[1] ?? "";
  await Deno.writeTextFile(
    file,
    `import { testPlugin } from "capstan/testing";\nimport plugin from "./${place}.ts";\n\n` +
      `testPlugin(plugin, { records: { "${topic}": [{ key: "k", value: { id: "1" } }] } });\n`,
  );
  return file;
}

Deno.test("every example of the public API and of README has right types, and does what it says", async () => {
  const examples = await examplesIn([
    "README.md",
    "mod.ts",
    "lib/testing/mod.ts",
    "lib/testing/plugin_suite.ts",
    "lib/testing/test_agent.ts",
  ]);
  const places = examples.map(({ place }) => place.replace(/_\d+$/, ""));
  assert.deepEqual(
    Object.fromEntries(places.map((place) => [place, places.filter((each) => each === place).length])),
    {
      README_md: 2,
      mod_ts: 2,
      lib_testing_mod_ts: 1,
      lib_testing_plugin_suite_ts: 1,
      lib_testing_test_agent_ts: 1,
    },
  );
  await using dir = await tempDir();
  const files = await Promise.all(examples.map((each) => write(dir.path, each)));
  await deno(dir.path, "check", ...files);
  const run = files.filter((_, at) => !examples[at]?.typesAlone);
  const said = await deno(dir.path, "test", "--no-check", "--allow-all", ...run);
  assert.match(said, /ok \| \d+ passed/);
});

Deno.test("examples are found where they stand, without the comment around them", () => {
  const source = `/**\n * It adds.\n *\n * \`\`\`ts\n * const two = 1 +\n *   1;\n * \`\`\`\n */\n`;
  assert.deepEqual(examplesOf("a/b.ts", source), [
    { place: "a_b_ts_4", code: "const two = 1 +\n  1;\n", typesAlone: false },
  ]);
  const page = "text\n\n```ts\nx;\n```\n\n```sh\nno\n```\n\n```ts ignore\ny;\n```\n";
  assert.deepEqual(examplesOf("R.md", page).map(({ code, typesAlone }) => [code, typesAlone]), [
    ["x;\n", false],
    ["y;\n", true],
  ]);
});
