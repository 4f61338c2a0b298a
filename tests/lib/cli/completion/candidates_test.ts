import assert from "node:assert/strict";
import { candidatesFor, type Lookup } from "../../../../lib/cli/completion/candidates.ts";
import { wholeProgram } from "../../../../lib/cli/whole_program.ts";
import type { Plugin } from "../../../../lib/plugin/contract.ts";
import { plugins } from "../../../../plugins/mod.ts";

const audit: Plugin = {
  name: "shop",
  setup(ctx) {
    ctx.command({ path: "shop verify", doc: "Verify the shop", run: () => Promise.resolve() });
    ctx.command({ path: "shop verdict", doc: "Judge it", run: () => Promise.resolve() });
  },
};

const { program } = await wholeProgram([...plugins, audit]);

const lookup: Lookup = (kind, before) =>
  Promise.resolve(
    kind === "topic"
      ? ["tapes.nodes.v1", "tapes.turns.v1"]
      : kind === "value"
      ? [`value-of-${before[0]}`]
      : kind === "key"
      ? ["logging.level"]
      : [],
  );

/** What is offered for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const { candidates, paths } = await candidatesFor(program, words, lookup);
  return [...candidates.map(({ value }) => value), ...paths === undefined ? [] : [`:${paths}`]];
}

Deno.test("candidatesFor() offers commands, those of groups, and those of plugins, with what they do", async () => {
  assert.deepEqual(await offered("top"), ["topics"]);
  assert.deepEqual(await offered("topics", ""), ["list", "plan", "apply"]);
  assert.deepEqual(await offered("shop", "ver"), ["verify", "verdict"]);
  const { candidates } = await candidatesFor(program, ["topics", "l"], lookup);
  assert.deepEqual(candidates, [{
    value: "list",
    doc: program.subcommands.find((each) => each.name() === "topics")?.subcommands[0]?.summary(),
  }]);
});

Deno.test("candidatesFor() offers no hidden command", async () => {
  const all = await offered("");
  assert.ok(all.includes("run") && all.includes("help") && all.includes("completions"), all.join(" "));
  assert.deepEqual(all.filter((name) => name.startsWith("_")), []);
});

Deno.test("candidatesFor() offers help's commands", async () => {
  assert.deepEqual(await offered("help", "tai"), ["tail"]);
  assert.deepEqual(await offered("help", "config", "ge"), ["get"]);
});

Deno.test("candidatesFor() offers flags, each once, and those that may come again as often as one likes", async () => {
  assert.deepEqual(await offered("tail", "t", "--fr"), ["--from-beginning"]);
  assert.deepEqual(await offered("tail", "t", "--from-beginning", "--fr"), []);
  assert.deepEqual(await offered("publish", "t", "-H", "a=b", "--head"), ["--header"]);
  assert.deepEqual(await offered("tail", "-j"), ["-j"]);
  assert.ok((await offered("tail", "-")).includes("--json"));
  assert.ok((await offered("--")).includes("--version"));
  assert.ok((await offered("run", "--pro")).includes("--provider"), "settings are flags too");
});

Deno.test("candidatesFor() offers a flag's values, behind a blank and behind =", async () => {
  assert.deepEqual(await offered("run", "--provider", "o"), ["openai", "ollama"]);
  assert.deepEqual(await offered("run", "--provider=an"), ["--provider=anthropic"]);
  assert.deepEqual(await offered("init", "-p", ""), ["ollama", "openai", "anthropic"]);
  assert.deepEqual(await offered("tail", "t", "--max", ""), []);
  assert.deepEqual(await offered("tail", "t", "--json=", ""), ["tapes.nodes.v1", "tapes.turns.v1"].slice(2));
});

Deno.test("candidatesFor() leaves paths to the shell", async () => {
  assert.deepEqual(await offered("run", "--config-dir", ""), [":folders"]);
  assert.deepEqual(await offered("status", "--sqlite=x"), [":files"]);
  assert.deepEqual(await offered("plugins", "check", "./"), [":files"]);
});

Deno.test("candidatesFor() offers arguments by their place: topics, keys, the values of a key", async () => {
  assert.deepEqual(await offered("tail", "tapes.t"), ["tapes.turns.v1"]);
  assert.deepEqual(await offered("tail", "--max", "3", "tapes.t"), ["tapes.turns.v1"]);
  assert.deepEqual(await offered("tail", "tapes.turns.v1", ""), []);
  assert.deepEqual(await offered("config", "get", "l"), ["logging.level"]);
  assert.deepEqual(await offered("config", "set", "logging.level", ""), ["value-of-logging.level"]);
  assert.deepEqual(await offered("completions", ""), ["bash", "zsh", "fish"]);
});

Deno.test("candidatesFor() offers arguments alone behind --", async () => {
  assert.deepEqual(await offered("tail", "--", "--"), []);
  assert.deepEqual(await offered("tail", "--", "tapes.n"), ["tapes.nodes.v1"]);
});

Deno.test("candidatesFor() offers nothing for what it does not understand", async () => {
  assert.deepEqual(await offered("nothing", "of", "this"), []);
  assert.deepEqual(await offered("run", "--nothing="), []);
  assert.deepEqual(
    await candidatesFor(program, [], lookup).then(({ candidates }) => candidates.length > 10),
    true,
  );
});
