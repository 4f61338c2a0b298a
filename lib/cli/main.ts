import type { Plugin } from "../plugin/contract.ts";
import type { CliCommand } from "./command.ts";
import { carriedPlugins, listedCommands } from "./carried_plugins.ts";
import { commandsFor, groups, ownCommands, rootDoc, rootExamples } from "./commands.ts";
import { COMPLETE, typedWords } from "./completion/typed_words.ts";
import { type ExternalPlugins, externalPlugins } from "./external_plugins.ts";
import { EXIT, exitCodeOf, OutputClosed } from "./exit.ts";
import { type Io, processIo } from "./io.ts";
import { warnOfLeftOut } from "./left_out_warning.ts";
import { buildProgram, type Request } from "./program.ts";
import { reportError } from "./report_error.ts";
import { exitCodeOfSignal, Interrupted, listenForStop } from "./signals.ts";
import { styleFor } from "./style.ts";
import { VERSION } from "./build.ts";

/** What the program is started with. */
export interface MainOptions {
  argv: readonly string[];
  /** The built-in plugins, or what loads them: the list of commands needs none of them in the executable. */
  plugins: readonly Plugin[] | (() => Promise<readonly Plugin[]>);
  /** Default: the process's own. */
  io?: Io;
}

/** Runs one command line and resolves with the exit code. Throws nothing. */
export async function main(options: MainOptions): Promise<number> {
  const io = options.io ?? processIo();
  let debug = options.argv.includes("--debug") || options.argv.includes("-d");
  try {
    const argv = options.argv.length === 0 ? ["--help"] : options.argv;
    // Completion is of another command line, whose configuration and plugins count.
    const meant = argv[0] === COMPLETE ? typedWords(argv) : argv;
    const load = async () =>
      typeof options.plugins === "function" ? await options.plugins() : options.plugins;
    const carried = asksForNoCommand(meant) ? await carriedPlugins() : undefined;
    const names = carried?.names ?? (await load()).map(({ name }) => name);
    const external = loadsNothing(meant)
      ? NOTHING_LOADED
      : await externalPlugins({ argv: meant, builtIn: names, io });
    const listed = external.plugins.length === 0 ? carried : undefined;
    const plugins = listed ? [] : [...await load(), ...external.plugins];
    const { commands, leftOut } = listed
      ? { commands: [...ownCommands, ...listedCommands(listed)], leftOut: [] }
      : await commandsFor(argv, plugins);
    const said = { out: "", error: "" };
    let request: Request | undefined;
    const program = buildProgram({
      name: "capstan",
      doc: rootDoc,
      version: VERSION,
      commands,
      groups,
      examples: rootExamples,
      onRequest: (asked) => request = asked,
      output: { write: (text) => said.out += text, writeError: (text) => said.error += text },
    });
    const usage = parse(() => program.parse([...argv], { from: "user" }));
    if (said.out) await io.stdout.write(said.out);
    if (said.error) await io.stderr.write(said.error);
    if (!request) {
      await warnOfLeftOut(io.stderr, [...external.failed, ...leftOut]);
      return usage;
    }
    debug = request.globals.debug;
    return await runCommand(request, { plugins, external }, io);
  } catch (error) {
    if (!(error instanceof OutputClosed)) {
      await io.stderr.write(reportError(error, { debug, style: styleFor(io.stderr) })).catch(() => {});
    }
    return exitCodeOf(error);
  }
}

/** Lets commander read the command line; gives the exit code of a line that asks for no command. */
function parse(read: () => void): number {
  try {
    read();
    return EXIT.ok;
  } catch (error) {
    if (!isCommanderError(error)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

function isCommanderError(error: unknown): error is Error & { code: string; exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.") &&
    "exitCode" in error;
}

/** Commands that load no code: they are what one needs before it is trusted, or say nothing of plugins. */
const LOADING_NOTHING = ["--version", "-V", "version", "init", "trust", "plugins", "completions", "licenses"];

const NOTHING_LOADED: ExternalPlugins = { plugins: [], failed: [], disabled: [] };

function loadsNothing([command = ""]: readonly string[]): boolean {
  return LOADING_NOTHING.includes(command);
}

/** The list of commands, or the version: lines that run nothing. */
function asksForNoCommand(argv: readonly string[]): boolean {
  return argv.length === 1 && ["--help", "-h", "help", "--version", "-V"].includes(argv[0] ?? "");
}

async function runCommand(
  request: Request,
  { plugins, external }: { plugins: readonly Plugin[]; external: ExternalPlugins },
  io: Io,
): Promise<number> {
  const command: CliCommand = request.command;
  const stop = new AbortController();
  using _listening = listenForStop((name, times) => {
    if (times > 1) Deno.exit(exitCodeOfSignal(name));
    stop.abort(new Interrupted(name));
  }, command.reloads ? ["SIGHUP"] : []);
  try {
    const code = await command.run({
      command,
      args: request.args,
      options: request.options,
      globals: request.globals,
      plugins,
      failed: external.failed,
      unloaded: [...external.failed.map(({ name }) => name), ...external.disabled],
      io,
      signal: stop.signal,
    });
    return code ?? EXIT.ok;
  } catch (error) {
    const reason = stop.signal.reason;
    if (reason instanceof Interrupted && isAbort(error, reason)) return exitCodeOfSignal(reason.received);
    throw error;
  }
}

/** The command ended because it was asked to. */
function isAbort(error: unknown, reason: Interrupted): boolean {
  return error === reason ||
    (error instanceof Error && (error.name === "AbortError" || error.cause === reason));
}
