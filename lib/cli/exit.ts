import { CONFIG_EXIT_CODE, ConfigError } from "../config/problem.ts";

/** Exit codes of the program. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  config: CONFIG_EXIT_CODE,
  interrupted: 130,
} as const;

/** The command line itself is wrong: exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Nobody reads standard output any more (`| head`): the program ends quietly. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** The exit code an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputClosed) return EXIT.ok;
  if (error instanceof UsageError || saysUsage(error)) return EXIT.usage;
  if (error instanceof ConfigError || saysConfig(error)) return EXIT.config;
  return EXIT.failed;
}

/** Whether a plugin says that its command was called wrongly; see `PluginCommand.run`. */
function saysUsage(error: unknown): boolean {
  return error instanceof Error && "exitCode" in error && error.exitCode === EXIT.usage;
}

/** Whether a plugin says that what it was configured with can't be used; see `PluginHooks.start`. */
function saysConfig(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let each = error; each instanceof Error && !seen.has(each); each = each.cause) {
    if ("exitCode" in each && each.exitCode === CONFIG_EXIT_CODE) return true;
    seen.add(each);
  }
  return false;
}
