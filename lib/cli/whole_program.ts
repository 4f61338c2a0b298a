import type { Plugin } from "../plugin/contract.ts";
import { allCommands, commandsFor, groups, rootDoc, rootExamples } from "./commands.ts";
import { buildProgram } from "./program.ts";
import type { ProgramCommand } from "./program_command.ts";
import { VERSION } from "./build.ts";

/** The program to look at, not to run: with every flag of every command, or those that a command line may mean. */
export async function wholeProgram(
  plugins: readonly Plugin[],
  words?: readonly string[],
): Promise<ProgramCommand> {
  return buildProgram({
    name: "capstan",
    doc: rootDoc,
    version: VERSION,
    commands: await (words === undefined ? allCommands(plugins) : commandsFor(words, plugins)),
    groups,
    examples: rootExamples,
    onRequest: () => {},
    output: { write: () => {}, writeError: () => {} },
  });
}
