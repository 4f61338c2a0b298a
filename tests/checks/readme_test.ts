import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../lib/config/load.ts";
import { rootSchema } from "../../lib/config/root.ts";
import { settingsTable } from "../../lib/config/settings_table.ts";
import { plugins } from "../../plugins/mod.ts";

const root = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

/** Runs deno with `input`, under the project's configuration. */
async function deno(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: fileURLToPath(root),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The first fenced block of a language. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  assert.ok(found !== undefined, `README has no block of ${language}`);
  return found;
}

Deno.test("README's table of settings is the one that the schemas give", async () => {
  const wanted = (await deno(["fmt", "--ext", "md", "-"], settingsTable(rootSchema(plugins)))).trim();
  const shown = /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(readme)?.[1]?.trim();
  assert.ok(
    shown === wanted,
    `between <!-- settings --> and <!-- /settings --> README must have:\n\n${wanted}\n`,
  );
});

Deno.test("README's example of a configuration is accepted", () => {
  const text = block("toml");
  const dir = "/home/you/.capstan";
  const located = { dir, file: `${dir}/config.toml`, text, origin: "told" } as const;
  const { host } = loadConfig({
    plugins,
    located,
    env: { HOME: "/home/you", KAFKA_SASL_PASSWORD: "secret" },
    cwd: "/home/you",
    flags: [],
  });
  assert.equal(host.kafka.bootstrap_servers.length, 2);
});

Deno.test("README's example of a plugin passes the type check", async () => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, block("ts"));
    await deno(["check", "--quiet", "--config", fileURLToPath(new URL("deno.json", root)), file]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("every file that README links to is there", async () => {
  for (const [, path] of readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    assert.ok((await Deno.stat(new URL(path ?? "", root))).isFile, path);
  }
});
