import { parseBytes } from "./bytes.ts";
import { parseDuration } from "./duration.ts";
import { flagsOf } from "./flags.ts";
import { knownKeys } from "./known.ts";
import { keyText } from "./key.ts";
import { type ConfiguredPlugin, leavesOf, LOADING_KEYS, rootSchema } from "./root.ts";
import type { SettingsSchema } from "./schema.ts";
import { type LeafSetting, readDefault } from "./value.ts";

/** Keys of `[plugins.NAME]` that are the agent's. */
export const RESERVED_KEYS: readonly string[] = ["enabled", ...LOADING_KEYS];

/** What is wrong with the schemas of plugins; one sentence each, empty when all is well. For plugin authors. */
export function checkSchemas(plugins: readonly ConfiguredPlugin[]): string[] {
  const problems: string[] = [];
  for (const { name, config } of plugins) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      problems.push(`the plugin's name ${JSON.stringify(name)} must be snake_case`);
    }
    for (const key of Object.keys(config ?? {})) {
      if (RESERVED_KEYS.includes(key)) problems.push(`plugins.${name}.${key} is a key of the agent's own`);
    }
  }
  for (const name of twice(plugins.map((plugin) => plugin.name))) {
    problems.push(`two plugins have the name ${name}`);
  }
  return [...problems, ...checkSettings(rootSchema(plugins))];
}

function checkSettings(schema: SettingsSchema): string[] {
  const problems: string[] = [];
  const leaves = leavesOf(schema);
  for (const { path, setting, named } of leaves) {
    const key = keyText(path);
    const names = path.filter((name) => name !== "NAME");
    if (names.some((name) => !/^[a-z][a-z0-9_]*$/.test(name))) problems.push(`${key} must be snake_case`);
    if (setting.doc.trim() === "") problems.push(`${key} has no doc`);
    const form = formProblem(key, setting);
    if (form !== undefined) {
      problems.push(form);
      continue;
    }
    const initial = readDefault(setting);
    if (initial !== undefined && !initial.ok) {
      problems.push(`the default of ${key} ${initial.wrong}; ${initial.allowed}`);
    }
    if (named && (setting.alias ?? setting.flag ?? setting.short ?? setting.env) !== undefined) {
      problems.push(`${key} has a name of the user's choice, so it can have no alias, flag or env`);
    }
    if (setting.type === "string" && setting.secret === true && setting.default !== undefined) {
      problems.push(`${key} is secret, so it can have no default`);
    }
    if (setting.short !== undefined && !/^[a-zA-Z]$/.test(setting.short)) {
      problems.push(`${key}'s short flag must be one letter`);
    }
  }
  for (const key of twice(knownKeys(schema))) problems.push(`two settings go by ${key}`);
  for (const flag of twice(flagsOf(schema).map(({ name }) => name))) {
    problems.push(`two settings have the flag ${flag}`);
  }
  return problems;
}

/** A pattern or bound that can't be read would let everything pass, or nothing. */
function formProblem(key: string, setting: LeafSetting): string | undefined {
  if (setting.type === "string" && setting.pattern !== undefined) {
    try {
      new RegExp(setting.pattern, "u");
    } catch {
      return `the pattern of ${key} is no regular expression`;
    }
  }
  if (setting.type !== "duration" && setting.type !== "bytes") return undefined;
  const parse = setting.type === "duration" ? parseDuration : parseBytes;
  const wrong = [setting.min, setting.max].find((text) => text !== undefined && parse(text) === undefined);
  return wrong === undefined ? undefined : `a bound of ${key} is no value of its type: ${wrong}`;
}

function twice(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
