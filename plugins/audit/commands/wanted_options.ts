import type { CommandCall, CommandOption, Redaction } from "capstan";
import type { Wanted } from "../search/selection.ts";
import { timeOption } from "./time_option.ts";

/** Flags that pick records out. */
export const WANTED_OPTIONS: readonly CommandOption[] = [
  { flags: "--user <name>", doc: "Records of this user." },
  { flags: "--tenant <name>", doc: "Of this tenant." },
  { flags: "--from <time>", doc: "Entered from then on: 2026-01-31, or 2026-01-31T08:00:00Z." },
  { flags: "--to <time>", doc: "Entered before then." },
];

/**
 * What the flags ask for.
 * @throws {UsageError} a time is none.
 */
export function wantedOf({ options }: Pick<CommandCall, "options">): Wanted {
  const { user, tenant } = options;
  const fromMs = timeOption("--from", options.from);
  const toMs = timeOption("--to", options.to);
  return {
    ...(typeof user === "string" && { user }),
    ...(typeof tenant === "string" && { tenant }),
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
  };
}

/** The name of a user or tenant as it was given, and as redaction has it. */
export function namesOf(redact: Redaction): (name: string) => readonly string[] {
  return (name) => [...new Set([name, redact.identity(name)])];
}
