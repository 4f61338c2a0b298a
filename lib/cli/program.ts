import type { Command } from "commander";
import type { CliCommand, CliOption, GlobalOptions, OptionValue } from "./command.ts";
import { GLOBAL_NAMES } from "./command.ts";
import { sentence } from "./sentence.ts";
import { ProgramCommand, ProgramOption } from "./program_command.ts";

/** What was asked for, once the command line has been understood. */
export interface Request {
  command: CliCommand;
  args: string[];
  options: Record<string, OptionValue>;
  globals: GlobalOptions;
}

/** What the program is made of. */
export interface ProgramOptions {
  name: string;
  doc: string;
  version: string;
  commands: readonly CliCommand[];
  examples: readonly string[];
  /** Docs of commands that only hold others: `config`. */
  groups: Readonly<Record<string, string>>;
  /** Receives the command that was asked for. */
  onRequest(request: Request): void;
  output: { write(text: string): void; writeError(text: string): void };
}

const HELP = "Show this help.";

/** Flags that every command has. */
export const GLOBALS: readonly CliOption[] = [
  {
    flags: "--config-dir <dir>",
    doc: "folder of config.toml and the data (else .capstan here or above, ~/.capstan)",
  },
  { flags: "-s, --sqlite <file>", doc: "SQLite file of the data" },
  { flags: "-d, --debug", doc: "log more, and list the causes of an error" },
];

/**
 * The program for commander. It exits nothing itself: usage errors and help are thrown as `CommanderError`.
 * @throws {Error} two commands have one path.
 */
export function buildProgram(options: ProgramOptions): ProgramCommand {
  const root = new ProgramCommand(options.name)
    .description(options.doc)
    .version(options.version, "-V, --version", "Print the version.")
    .helpOption("-h, --help", HELP)
    .helpCommand("help [command]", "Show the help of a command.")
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...argumentsOf(command)].join(" ") })
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => options.output.write(text),
      writeErr: (text) => options.output.writeError(text),
    });
  root.addExamples(options.examples);
  finish(root);
  const made = new Map<string, ProgramCommand>();
  for (const command of options.commands) {
    if (made.has(command.path)) {
      throw new Error(`Cannot add command "${command.path}": two plugins have it; disable one of them`);
    }
    made.set(command.path, define(command, parentOf(command.path, root, options.groups), options));
  }
  return root;
}

/** The command that holds `path`'s last word, made where it is missing. */
function parentOf(
  path: string,
  root: ProgramCommand,
  groups: Readonly<Record<string, string>>,
): ProgramCommand {
  let at = root;
  for (const word of path.split(" ").slice(0, -1)) {
    const known = named(at, word);
    if (known) {
      at = known;
      continue;
    }
    at = at.command(word).description(sentence(groups[word] ?? `Commands of ${word}`))
      .helpOption("-h, --help", HELP).helpCommand(false);
    finish(at);
  }
  return at;
}

function named(parent: ProgramCommand, name: string): ProgramCommand | undefined {
  return parent.subcommands.find((command) => command.name() === name);
}

function define(command: CliCommand, parent: ProgramCommand, program: ProgramOptions): ProgramCommand {
  const name = command.path.split(" ").at(-1) ?? command.path;
  const known = named(parent, name);
  const made = known ?? parent.command(name, { hidden: command.hidden === true });
  const doc = sentence(command.doc);
  made.summary(doc).description(command.more ? `${doc}\n\n${command.more}` : doc);
  if (command.heading) made.helpGroup(command.heading);
  for (const { name, doc, oneOf } of command.args ?? []) {
    const argument = made.createArgument(name, sentence(doc));
    made.addArgument(oneOf ? argument.choices(oneOf) : argument);
  }
  for (const option of command.options ?? []) made.addOption(new ProgramOption(option));
  for (const option of GLOBALS) {
    const flags = made.options.some((own) =>
        own.short !== undefined && option.flags.startsWith(`${own.short},`)
      )
      ? option.flags.slice(option.flags.indexOf("--"))
      : option.flags;
    const global = new ProgramOption({ ...option, flags });
    if (!made.options.some((own) => own.long === global.long)) made.addOption(global);
  }
  made.addExamples(command.examples ?? []);
  if (!known) finish(made);
  made.action(() => {
    const values: Record<string, OptionValue> = made.opts();
    const { configDir, sqlite, debug } = values;
    program.onRequest({
      command,
      args: made.args,
      options: Object.fromEntries(Object.entries(values).filter(([key]) => !GLOBAL_NAMES.includes(key))),
      globals: {
        configDir: typeof configDir === "string" ? configDir : undefined,
        sqlite: typeof sqlite === "string" ? sqlite : undefined,
        debug: debug === true,
      },
    });
  });
  return made;
}

/** What every command's help ends with, and what its errors do. */
function finish(command: ProgramCommand): void {
  command.addHelpText("after", () => examplesText(command.examples));
  command.showHelpAfterError(`(${command.words.join(" ")} --help shows how it is used)`);
}

function examplesText(examples: readonly string[]): string {
  return examples.length === 0 ? "" : `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}\n`;
}

/** A command's positional arguments as its list shows them: `<topic>`, `[path]`. */
function argumentsOf(command: Command): string[] {
  return command.registeredArguments.map((each) => each.required ? `<${each.name()}>` : `[${each.name()}]`);
}
