import { checkSchemas } from "../config/check_schema.ts";
import type { Plugin } from "./contract.ts";

const NAME = /^[a-z][a-z0-9_]*$/;

/** What keeps a module's default export from being a plugin; one sentence each, empty where it is one. */
export function pluginProblems(value: unknown): string[] {
  if (typeof value !== "object" || value === null) {
    return ["its default export is no plugin: write `export default { name, setup } satisfies Plugin`"];
  }
  const { name, doc, config, overlaps, setup } = value as Partial<Record<keyof Plugin, unknown>>;
  const problems: string[] = [];
  if (typeof name !== "string" || !NAME.test(name)) {
    problems.push(`its name is ${JSON.stringify(name)}; it must be [a-z][a-z0-9_]*`);
  }
  if (typeof setup !== "function") problems.push("it has no setup(ctx, config)");
  if (doc !== undefined && typeof doc !== "string") problems.push("its doc is no text");
  if (overlaps !== undefined && typeof overlaps !== "boolean") problems.push("its overlaps is no boolean");
  if (config !== undefined && (typeof config !== "object" || config === null)) {
    problems.push("its config is no table of settings");
  }
  if (problems.length > 0) return problems;
  try {
    return checkSchemas([value as Plugin]);
  } catch (error) {
    return [`its config can't be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Whether a module's default export is a plugin. */
export function isPlugin(value: unknown): value is Plugin {
  return pluginProblems(value).length === 0;
}
