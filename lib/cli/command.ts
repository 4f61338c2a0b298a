import type { CommandOption, Plugin } from "../plugin/contract.ts";
import type { FailedPlugin } from "./external_plugins.ts";
import type { Io } from "./io.ts";

/** A flag of a command of the program itself. */
export interface CliOption extends CommandOption {
  /** May be given several times; its value is then a list. */
  repeat?: boolean;
  /** The table of config.toml whose setting it gives; it stands under that in `--help`. */
  table?: string;
  /** Values that completion offers; others may be right too. */
  offers?: readonly string[];
}

/** A positional argument of a command of the program itself. */
export interface CliArgument {
  /** As commander has it: `<topic>`, `[path]`, `[words...]`. */
  name: string;
  doc: string;
  /** The only values it takes. */
  oneOf?: readonly string[];
}

/** What a flag's value may be. */
export type OptionValue = string | boolean | readonly string[] | undefined;

/** A command of the program. Its file imports nothing heavy until `run` is called: `--help` must be quick. */
export interface CliCommand {
  /** `tail`, or with a group `config show`. */
  path: string;
  /** One sentence for the list of commands. */
  doc: string;
  /** Further lines for its own `--help`. */
  more?: string;
  /** Positional arguments. */
  args?: readonly CliArgument[];
  /** Flags beside the global ones. */
  options?: readonly CliOption[];
  /** Settings that are flags of this command, by their full key. Default: none but `store.sqlite`. */
  settings?(key: string): boolean;
  /** SIGHUP is for the command itself, not a request to stop. Default false. */
  reloads?: boolean;
  /** Command lines that show it at work. */
  examples?: readonly string[];
  /** Heading it stands under in the list of commands. */
  heading?: string;
  /** For scripts alone: no help and no manual names it. */
  hidden?: boolean;
  /** The exit code is 0, or what it returns. */
  run(call: Invocation): Promise<number | void>;
}

/** One call of a command. */
export interface Invocation {
  /** The command that was asked for. */
  command: CliCommand;
  /** Positional arguments in the order given; optional ones that were not given are missing. */
  args: readonly string[];
  /** Values of the command's own flags, by camelCase name. */
  options: Readonly<Record<string, OptionValue>>;
  /** Values of the flags that every command takes. */
  globals: GlobalOptions;
  /** The plugins this program was built with, and those its configuration loads. */
  plugins: readonly Plugin[];
  /** Those it could not load. */
  failed: readonly FailedPlugin[];
  /** Names of plugins whose settings nobody can check: those that failed, and disabled ones. */
  unloaded: readonly string[];
  io: Io;
  /** Aborts at the first Ctrl-C or SIGTERM; the second one ends the process. */
  signal: AbortSignal;
}

/** Flags every command takes. */
export interface GlobalOptions {
  /** `--config-dir`: the folder of config.toml and, unless told otherwise, the data. */
  configDir?: string;
  /** `--sqlite`: the file of the data. */
  sqlite?: string;
  /** `--debug`: log debug lines, and list an error's causes. */
  debug: boolean;
}

/** Names of the global flags among all values commander gives. */
export const GLOBAL_NAMES: readonly string[] = ["configDir", "sqlite", "debug"];
