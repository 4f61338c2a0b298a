import type { Plugin } from "../plugin/contract.ts";
import { allCommands, commandsFor, groups, rootDoc, rootExamples } from "./commands.ts";
import { buildProgram } from "./program.ts";
import type { ProgramCommand } from "./program_command.ts";
import type { LeftOut } from "./usable_plugins.ts";
import { VERSION } from "./build.ts";

/** The program to look at. */
export interface WholeProgram {
  readonly program: ProgramCommand;
  /** Plugins whose commands and flags are not in it. */
  readonly leftOut: readonly LeftOut[];
}

/** The program to look at, not to run: with every flag of every command, or those that a command line may mean. */
export async function wholeProgram(
  plugins: readonly Plugin[],
  words?: readonly string[],
): Promise<WholeProgram> {
  const { commands, leftOut } =
    await (words === undefined ? allCommands(plugins) : commandsFor(words, plugins));
  const program = buildProgram({
    name: "capstan",
    doc: rootDoc,
    version: VERSION,
    commands,
    groups,
    examples: rootExamples,
    onRequest: () => {},
    output: { write: () => {}, writeError: () => {} },
  });
  return { program, leftOut };
}
