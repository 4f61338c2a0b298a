import assert from "node:assert/strict";
import { keyText } from "../../../../lib/config/key.ts";
import { leavesOf, rootSchema } from "../../../../lib/config/root.ts";
import type { SettingsSchema } from "../../../../lib/config/schema.ts";
import type { CliCommand } from "../../../../lib/cli/command.ts";
import { manualPage } from "../../../../lib/cli/manual/page.ts";
import { buildProgram } from "../../../../lib/cli/program.ts";
import { wholeProgram } from "../../../../lib/cli/whole_program.ts";
import { plugins } from "../../../../plugins/mod.ts";
import { assertGolden } from "../golden_text.ts";

const commands: readonly CliCommand[] = [
  {
    path: "greet",
    doc: "Say a word",
    more: "A second sentence with `code`.\n.not a request",
    args: [{ name: "<name>", doc: "who it is said to" }, { name: "[word]", doc: "what is said" }],
    options: [
      { flags: "-l, --loud", doc: "so that all hear it" },
      { flags: "--times <count>", doc: "how often", default: "1" },
      { flags: "--word <text>", doc: "The word.", table: "greeting" },
    ],
    examples: [`capstan greet you --word 'a \\ b'`, ".a line that begins with a point"],
    run: () => Promise.resolve(),
  },
  {
    path: "greet back",
    doc: "Answer → in kind.",
    examples: ["capstan greet back"],
    run: () => Promise.resolve(),
  },
  { path: "hidden", doc: "Not for people", hidden: true, run: () => Promise.resolve() },
];

const schema: SettingsSchema = {
  greeting: {
    type: "table",
    doc: "Words.",
    fields: {
      word: { type: "string", doc: "The word.", default: "hello", flag: "word", env: ["GREETING"] },
      secret: { type: "string", secret: true, doc: "What nobody may know." },
    },
  },
};

Deno.test("manualPage() writes roff for a program, its flags and its settings", async () => {
  const program = buildProgram({
    name: "capstan",
    doc: "Greets who comes.",
    version: "1.2.3",
    commands,
    groups: {},
    examples: ["capstan greet you"],
    onRequest: () => {},
    output: { write: () => {}, writeError: () => {} },
  });
  await assertGolden(manualPage({ program, schema, version: "1.2.3", date: "2026-11-21" }), "manual.1");
});

const { program } = await wholeProgram(plugins);
const page = manualPage({ program, schema: rootSchema(plugins), version: "1.2.3", date: "2026-11-21" });
/** The page as one reads it, as far as words go. */
const words = page.replaceAll("\\-", "-").replaceAll(/\\f[BR]/g, "").replaceAll("\\(aq", "'").replaceAll(
  "\\(ti",
  "~",
);

Deno.test("the manual has every command, every setting and all of its sections", () => {
  for (const command of program.subcommands.flatMap((each) => [each, ...each.subcommands])) {
    if (command.options.length === 0) continue;
    assert.match(words, new RegExp(`^\\.SS "${command.words.join(" ")}[ "]`, "m"));
    for (const example of command.examples) {
      assert.ok(words.includes(example.replaceAll("\\", "\\e")), example);
    }
  }
  for (const { path } of leavesOf(rootSchema(plugins))) {
    assert.ok(words.includes(`\n${keyText(path)}`), keyText(path));
  }
  assert.deepEqual([...page.matchAll(/^\.SH "(.*)"$/gm)].map(([, name]) => name), [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "FLAGS OF EVERY COMMAND",
    "COMMANDS",
    "SETTINGS",
    "ENVIRONMENT",
    "FILES",
    "EXIT STATUS",
    "EXAMPLES",
  ]);
});

Deno.test("the manual names no hidden command, and is ASCII alone", () => {
  assert.doesNotMatch(words, /__complete/);
  assert.match(page, /^[\x20-\x7e\n]+$/);
});

/** What a reader of manuals says on standard error and output; `undefined`: it is not on this machine. */
async function read(command: string, args: readonly string[], text: string): Promise<string | undefined> {
  const file = await Deno.makeTempFile({ suffix: ".1" });
  try {
    await Deno.writeTextFile(file, text);
    const { stdout, stderr } = await new Deno.Command(command, {
      args: [...args, file],
      env: { MANWIDTH: "100", LC_ALL: "C.UTF-8" },
    }).output();
    return new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("mandoc and groff read the manual without a warning, where they are there", async () => {
  const linted = await read("mandoc", ["-T", "lint", "-W", "warning"], page);
  assert.ok(linted === undefined || linted === "", linted);
  const formatted = await read("groff", ["-man", "-T", "utf8", "-ww", "-z", "-K", "utf8"], page);
  assert.ok(formatted === undefined || formatted === "", formatted);
});
