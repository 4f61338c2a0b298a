import { Command, Option } from "commander";
import type { CliCommand, CliOption, GlobalOptions, OptionValue } from "./command.ts";
import { GLOBAL_NAMES } from "./command.ts";

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

const GLOBALS: readonly CliOption[] = [
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
export function buildProgram(options: ProgramOptions): Command {
  const root = new Command(options.name)
    .description(options.doc)
    .version(options.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...argumentsOf(command)].join(" ") })
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => options.output.write(text),
      writeErr: (text) => options.output.writeError(text),
    });
  root.addHelpText("after", examplesText(options.examples));
  hint(root);
  const made = new Map<string, Command>();
  for (const command of options.commands) {
    if (made.has(command.path)) {
      throw new Error(`Cannot add command "${command.path}": two plugins have it; disable one of them`);
    }
    made.set(command.path, define(command, parentOf(command.path, root, options.groups), options));
  }
  return root;
}

/** The command that holds `path`'s last word, made where it is missing. */
function parentOf(path: string, root: Command, groups: Readonly<Record<string, string>>): Command {
  let at = root;
  for (const word of path.split(" ").slice(0, -1)) {
    const known = at.commands.find((command) => command.name() === word);
    if (known) {
      at = known;
      continue;
    }
    at = at.command(word).description(groups[word] ?? `commands of ${word}`).helpCommand(false);
    hint(at);
  }
  return at;
}

function define(command: CliCommand, parent: Command, program: ProgramOptions): Command {
  const name = command.path.split(" ").at(-1) ?? command.path;
  const made = parent.commands.find((known) => known.name() === name) ?? parent.command(name);
  made.summary(command.doc).description(command.more ? `${command.doc}\n\n${command.more}` : command.doc);
  if (command.heading) made.helpGroup(command.heading);
  for (const { name, doc } of command.args ?? []) made.argument(name, doc);
  for (const option of command.options ?? []) made.addOption(toOption(option));
  for (const option of GLOBALS) {
    const flags = made.options.some((own) =>
        own.short !== undefined && option.flags.startsWith(`${own.short},`)
      )
      ? option.flags.slice(option.flags.indexOf("--"))
      : option.flags;
    const global = toOption({ ...option, flags });
    if (!made.options.some((own) => own.long === global.long)) made.addOption(global);
  }
  if (command.examples) made.addHelpText("after", examplesText(command.examples));
  hint(made);
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

function toOption(option: CliOption): Option {
  const made = new Option(option.flags, option.doc);
  if (option.default !== undefined) made.default(option.default);
  if (option.heading) made.helpGroup(option.heading);
  if (option.repeat) {
    made.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
  }
  return made;
}

function examplesText(examples: readonly string[]): string {
  return examples.length === 0 ? "" : `\nExamples:\n${examples.map((line) => `  ${line}`).join("\n")}\n`;
}

function hint(command: Command): void {
  const path: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) path.unshift(at.name());
  command.showHelpAfterError(`(${path.join(" ")} --help shows how it is used)`);
}

/** A command's positional arguments as its list shows them: `<topic>`, `[path]`. */
function argumentsOf(command: Command): string[] {
  return command.registeredArguments.map((each) => each.required ? `<${each.name()}>` : `[${each.name()}]`);
}
