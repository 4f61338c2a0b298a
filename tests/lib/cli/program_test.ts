import assert from "node:assert/strict";
import { allCommands, groups, rootDoc, rootExamples } from "../../../lib/cli/commands.ts";
import { EXAMPLES } from "../../../lib/cli/manual/texts.ts";
import { buildProgram, type Request } from "../../../lib/cli/program.ts";
import type { ProgramCommand } from "../../../lib/cli/program_command.ts";
import { plugins } from "../../../plugins/mod.ts";
import { commandsIn, type Words } from "./shell_words.ts";

const { commands } = await allCommands(plugins);

/** The whole program; a command line it does not understand is thrown. */
function program(onRequest: (request: Request) => void = () => {}): ProgramCommand {
  return buildProgram({
    name: "capstan",
    doc: rootDoc,
    version: "1.2.3",
    commands,
    groups,
    examples: rootExamples,
    onRequest,
    output: { write: () => {}, writeError: () => {} },
  });
}

/** What a command line asks for: the command's path. */
function asked([, ...words]: Words): string {
  let path = "";
  program(({ command }) => path = command.path).parse([...words], { from: "user" });
  return path;
}

function everyCommand(at: ProgramCommand): ProgramCommand[] {
  return [at, ...at.subcommands.flatMap(everyCommand)];
}

function pathOf(command: ProgramCommand): string {
  return command.words.slice(1).join(" ");
}

const all = everyCommand(program());

Deno.test("commandsIn() reads quotes, pipes, redirections, variables and comments", () => {
  const line =
    `A=1 capstan tail 't x' --key "a\\"b" <in >out | jq '.a | .b' && eval "$(capstan version)" # not this`;
  assert.deepEqual(commandsIn(line), [
    ["capstan", "tail", "t x", "--key", 'a"b'],
    ["jq", ".a | .b"],
    ["eval"],
    ["capstan", "version"],
  ]);
});

Deno.test("every command at every level says what it does, and so do its arguments and flags", () => {
  assert.ok(all.length > 30, `${all.length} commands`);
  for (const command of all) {
    const name = command.words.join(" ");
    assert.match(command.description(), /^[A-Z][^]{9,}$/, name);
    assert.doesNotMatch(command.summary(), /\n/, name);
    for (const option of command.options) assert.ok(option.description.length > 4, `${name} ${option.flags}`);
    for (const each of command.registeredArguments) {
      assert.ok(each.description.length > 4, `${name} ${each.name()}`);
    }
  }
});

Deno.test("every text of help is a sentence: a capital first, one full stop last", () => {
  const texts = all.flatMap((command) => {
    const [first = "", ...more] = command.description().split("\n\n");
    const own = [first, command.summary(), ...command.registeredArguments.map((each) => each.description)];
    for (const each of more) assert.match(each, /^[^a-z]/, command.words.join(" "));
    const options = command.createHelp().visibleOptions(command).map((option) => option.description);
    return [...own.filter((text) => text !== ""), ...options];
  });
  assert.ok(texts.length > 300, `${texts.length} texts`);
  for (const text of new Set(texts)) {
    assert.match(text, /^[^a-z\s][^]*[^.][.!?…]$/);
    assert.ok(!text.includes("\n"), text);
  }
});

Deno.test("every command at every level has an example, and help shows it", () => {
  for (const command of all) {
    const name = command.words.join(" ");
    assert.ok(command.examples.length > 0, `${name} has no example`);
    let help = "";
    command.configureOutput({ writeOut: (text) => help += text }).outputHelp();
    for (const example of command.examples) {
      assert.ok(help.includes(`\n  ${example}\n`), `${name}: ${example}`);
    }
  }
});

Deno.test("every example is understood, flags and all, and one of each command's is of that command", () => {
  for (const command of all) {
    const paths = command.examples.flatMap((example) => {
      const own = commandsIn(example).filter(([first]) => first === "capstan");
      assert.ok(own.length > 0, `${command.words.join(" ")}: ${example}`);
      return own.map((words) => {
        try {
          return asked(words);
        } catch (cause) {
          throw new Error(`${example}: ${cause instanceof Error ? cause.message : cause}`, { cause });
        }
      });
    });
    const path = pathOf(command);
    const leaf = command.subcommands.length === 0;
    assert.ok(
      paths.some((each) => leaf ? each === path : each === path || each.startsWith(path)),
      `${path}: its examples are of ${paths}`,
    );
  }
});

Deno.test("an example with an unknown flag or a missing argument would fail", () => {
  assert.throws(() => asked(["capstan", "tail", "t", "--jsn"]), /unknown option '--jsn'/);
  assert.throws(() => asked(["capstan", "tail"]), /missing required argument 'topic'/);
  assert.throws(() => asked(["capstan", "config", "sho"]), /unknown command 'sho'/);
});

Deno.test("the manual's further examples are understood too", () => {
  const own = EXAMPLES.flatMap(([, lines]) => lines).flatMap(commandsIn).filter(([first]) =>
    first === "capstan"
  );
  assert.ok(own.length > 5);
  for (const words of own) assert.notEqual(asked(words), "", words.join(" "));
});
