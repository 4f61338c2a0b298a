import assert from "node:assert/strict";
import { join } from "node:path";
import { testingTypes } from "../../lib/cli/testing_types.ts";
import { pluginTypes } from "../../lib/plugin/plugin_types.ts";
import { tempDir } from "../e2e/temp_dir.ts";

const golden = new URL("./golden/", import.meta.url);
const updating = Deno.env.get("UPDATE_GOLDEN") === "1";

async function compare(name: string, made: string): Promise<void> {
  const file = new URL(name, golden);
  if (updating) await Deno.writeTextFile(file, made);
  assert.equal(
    made,
    await Deno.readTextFile(file),
    `the public API differs from ${name}: a change plugin authors and programs see. Where it is meant, write it anew ` +
      "with UPDATE_GOLDEN=1 and say it in CHANGELOG.md",
  );
}

Deno.test("what a plugin can import is what the golden file has", async () => {
  await compare("plugin_types.txt", await pluginTypes());
});

Deno.test("what a plugin's tests can import is what the golden file has", async () => {
  await compare("testing_types.txt", await testingTypes());
});

Deno.test("what a program can import is what the golden file has", async () => {
  const names = Object.keys(await import("../../mod.ts")).sort();
  const types = [...(await Deno.readTextFile(new URL("../../mod.ts", import.meta.url))).matchAll(
    /export (?:type )?\{([^}]*)\}/g,
  )].flatMap(([, list = ""]) => list.split(",").map((name) => name.trim())).filter((name) => name !== "");
  const listed = [...new Set([...names, ...types])].sort().map((name) =>
    `${names.includes(name) ? "value" : "type"} ${name}\n`
  );
  await compare("mod_exports.txt", listed.join(""));
});

Deno.test("the declarations stand alone: a plugin outside the repository passes the type check with them", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(join(dir.path, "capstan.d.ts"), await pluginTypes());
  await Deno.writeTextFile(
    join(dir.path, "deno.json"),
    JSON.stringify({ imports: { capstan: "./capstan.d.ts" } }),
  );
  const plugin = (value: string) =>
    `import type { Plugin } from "capstan";
export default {
  name: "hello",
  config: { greeting: { type: "string", default: "Hello", doc: "What to say." } },
  setup(ctx, config) {
    ctx.stream({ topics: ["t"] }, (batch) => {
      for (const record of batch.records) ctx.log.info(\`\${config.greeting} \${record.keyText}\`);
      const count: number = ${value};
      ctx.log.debug(String(count));
    });
  },
} satisfies Plugin;
`;
  const check = async (value: string) => {
    await Deno.writeTextFile(join(dir.path, "hello.ts"), plugin(value));
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", join(dir.path, "deno.json"), join(dir.path, "hello.ts")],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  };
  assert.equal(await check("batch.records.length"), true);
  assert.equal(await check("batch.topic"), false);
});
