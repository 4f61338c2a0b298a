import { Option } from "commander";
import type { PluginCommand } from "../plugin/contract.ts";
import type { Host } from "../plugin/host_contract.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { CommandOutcome } from "./test_agent_contract.ts";

/** How a command is called. */
export interface TestCommandCall {
  path: string;
  args: readonly string[];
  options: Readonly<Record<string, string | boolean>>;
}

/**
 * Runs a command of a host that is not started.
 * @throws {RangeError} there is no such command, it takes no such option, or an argument is missing.
 */
export async function runTestCommand(host: Host, call: TestCommandCall): Promise<CommandOutcome> {
  host.register();
  const found = host.commands.find(({ command }) => command.path === call.path);
  if (!found) {
    const paths = host.commands.map(({ command }) => command.path);
    throw new RangeError(`Cannot run "${call.path}": no plugin has such a command; there are [${paths}]`);
  }
  const options = { ...defaultsOf(found.command), ...call.options };
  check(found.command, call);
  const said = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof said) => ({
    isTerminal: false,
    columns: 80,
    write: (text: string) => Promise.resolve(void (said[name] += text)),
  });
  try {
    const code = await host.runCommand(call.path, {
      args: call.args,
      options,
      stdout: stream("stdout"),
      stderr: stream("stderr"),
      signal: new AbortController().signal,
    });
    return { code, ...said };
  } catch (error) {
    return { code: 1, ...said, stderr: `${said.stderr}${errorChain(error)}\n`, error };
  }
}

function defaultsOf({ options = [] }: PluginCommand): Record<string, string | boolean> {
  return Object.fromEntries(
    options.flatMap(({ flags, default: value }) =>
      value === undefined ? [] : [[nameOf(flags), value] as const]
    ),
  );
}

function check(command: PluginCommand, { path, args, options }: TestCommandCall): void {
  const known = (command.options ?? []).map(({ flags }) => nameOf(flags));
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot run "${path}": it has no option ${unknown}; it has [${known}]`);
  }
  const taken = command.args ?? [];
  const missing = taken.filter(({ name }) => name.startsWith("<"))[args.length];
  if (missing) throw new RangeError(`Cannot run "${path}": ${missing.name} is missing`);
  if (args.length > taken.length && !taken.at(-1)?.name.includes("...")) {
    throw new RangeError(`Cannot run "${path}": it takes ${taken.length} arguments, not ${args.length}`);
  }
}

/** As `CommandCall.options` has it. */
function nameOf(flags: string): string {
  return new Option(flags).attributeName();
}
