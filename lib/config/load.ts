import { statSync } from "node:fs";
import { isSecret } from "./candidates.ts";
import { checkSchemas } from "./check_schema.ts";
import type { Entry } from "./entry.ts";
import { envNames } from "./env_names.ts";
import type { FlagValue } from "./flags.ts";
import { hostSchema, type HostSettings } from "./host.ts";
import { hostProblems } from "./host_rules.ts";
import { findSetting } from "./find_setting.ts";
import { keyText, parseKey } from "./key.ts";
import { findUnknownKeys, unknownKey } from "./known.ts";
import { defaultSqlite, type Located } from "./locate.ts";
import { nearest } from "./nearest.ts";
import { configError, type Problem } from "./problem.ts";
import { type Resolution, resolve } from "./resolve.ts";
import { type ConfiguredPlugin, leavesOf, LOADING_KEYS, rootSchema } from "./root.ts";
import type { SettingsOf, SettingsSchema } from "./schema.ts";
import { guardSecrets, isOpenToOthers } from "./secret.ts";
import { nodeAt, readToml, type TomlTable } from "./toml.ts";
import { type Environment, homeOf } from "./trust.ts";

/** What a configuration is made of. */
export interface LoadOptions {
  /** The plugins whose tables the file may have. */
  readonly plugins: readonly ConfiguredPlugin[];
  /** Names of plugins that were not loaded: nobody knows their keys, so all are taken. */
  readonly unloaded?: readonly string[];
  /** The folder and its config.toml, of `locate`. */
  readonly located: Located;
  /** The environment's variables. */
  readonly env: Environment;
  /** Flags given on the command line, of `givenFlags`. */
  readonly flags?: readonly FlagValue[];
  /** The working directory, absolute. */
  readonly cwd: string;
}

/** A plugin's part of the configuration. */
export interface PluginSettings {
  /** `[plugins.NAME] enabled`. */
  readonly enabled: boolean;
  /** Its own settings, checked, with defaults; what `setup` is given. Shows no secret when printed. */
  readonly settings: SettingsOf<SettingsSchema>;
}

/** A configuration that was checked. */
export interface Loaded {
  /** The agent's own settings; `store.sqlite` is always there, absolute. Shows no secret when printed. */
  readonly host: HostSettings & { readonly store: { readonly sqlite: string } };
  /**
   * A plugin's settings.
   * @throws {RangeError} no plugin of that name was given to `loadConfig`.
   */
  plugin(name: string): PluginSettings;
  /** Whether the agent starts without this plugin should it fail: `[plugins.NAME] optional`. */
  isOptional(plugin: string): boolean;
  /** Every setting with its value and where it comes from, host first, secrets masked. */
  readonly entries: readonly Entry[];
  /**
   * The setting a key or an alias means. Without one, the nearest known key is in the error.
   * @throws {ConfigError} there is no such setting.
   */
  entry(key: string): Entry;
  /** What works, but should be known: one sentence each, with its place. */
  readonly warnings: readonly string[];
  /** The configuration's folder, absolute. */
  readonly dir: string;
  /** Its config.toml, absolute; it need not exist. */
  readonly file: string;
  /** Whether there is one; without it the defaults hold. */
  readonly hasFile: boolean;
}

/**
 * Gives every setting its value (flag before environment before file before default) and checks them all.
 * @throws {ConfigError} with every problem found: unknown keys, wrong types, values out of range, contradictions.
 * @throws {TypeError} a plugin's schema is wrong; the plugin's author has to mend it.
 */
export function loadConfig(options: LoadOptions): Loaded {
  const { schema, tree, resolution, problems, warnings } = check(options);
  if (problems.length > 0) throw configError(problems);
  const { plugins, ...host } = resolution.values as Record<string, unknown> & {
    plugins: Record<string, unknown>;
  };
  const parts = new Map(
    options.plugins.map((plugin) => [plugin.name, pluginPart(plugin, plugins[plugin.name])]),
  );
  const { dir, file } = options.located;
  return {
    host: guardSecrets(hostSchema, host) as Loaded["host"],
    plugin(name) {
      const part = parts.get(name);
      if (part === undefined) {
        throw new RangeError(`Cannot give settings of plugin ${name}: it was not loaded`);
      }
      return part;
    },
    isOptional: (name) =>
      resolution.entries.some(({ key, value }) => key === `plugins.${name}.optional` && value === true),
    entries: resolution.entries,
    entry: (key) => findEntry(key, schema, resolution),
    warnings: [...warnings, ...permissionWarnings(schema, tree, options.located)],
    dir,
    file,
    hasFile: options.located.text !== undefined,
  };
}

/** Everything wrong with a configuration, without the throw; for `config check` and `config set`. */
export function configProblems(options: LoadOptions): readonly Problem[] {
  return check(options).problems;
}

interface Checked {
  readonly schema: SettingsSchema;
  readonly tree: TomlTable;
  readonly resolution: Resolution;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

function check({ plugins, unloaded = [], located, env, flags = [], cwd }: LoadOptions): Checked {
  const wrong = checkSchemas(plugins);
  if (wrong.length > 0) throw new TypeError(`Cannot use a plugin's settings: ${wrong.join("; ")}`);
  const { dir, file, text } = located;
  const schema = withSqlite(rootSchema(plugins), defaultSqlite(dir));
  const tree = readToml(text ?? "", file);
  const unknown = findUnknownKeys(schema, tree, file, unloaded);
  const resolution = resolve(schema, { tree, file, flags, env }, { dir, cwd, home: homeOf(env) });
  const broken = [...unknown.problems, ...resolution.problems];
  // Settings that are wrong each alone say nothing about each other.
  const together = broken.length > 0
    ? []
    : hostProblems(resolution.values as HostSettings, resolution.entries);
  const warnings = [
    ...resolution.warnings,
    ...ignoredWarnings(unknown.ignored, file),
    ...environmentWarnings(schema, env),
  ];
  return { schema, tree, resolution, problems: [...broken, ...together], warnings };
}

function withSqlite(schema: SettingsSchema, path: string): SettingsSchema {
  const sqlite = { ...hostSchema.store.fields.sqlite, default: path };
  return { ...schema, store: { ...hostSchema.store, fields: { ...hostSchema.store.fields, sqlite } } };
}

function pluginPart(plugin: ConfiguredPlugin, values: unknown): PluginSettings {
  const { enabled, ...rest } = values as Record<string, unknown>;
  const settings = plugin.external ? withoutLoading(rest) : rest;
  const guarded = guardSecrets(plugin.config ?? {}, settings);
  return { enabled: enabled === true, settings: guarded as SettingsOf<SettingsSchema> };
}

/** What the plugin itself is given. */
function withoutLoading(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !LOADING_KEYS.includes(key)));
}

function findEntry(key: string, schema: SettingsSchema, { entries }: Resolution): Entry {
  const path = parseKey(key) ?? [key];
  const found = findSetting(schema, path);
  const own = found === undefined ? undefined : keyText(found.path);
  const entry = entries.find((each) => each.key === own);
  if (entry !== undefined) return entry;
  const known = entries.map((each) => each.key);
  throw configError([unknownKey(path, { kind: "command", name: "config get" }, [], known)]);
}

function ignoredWarnings(ignored: readonly string[], file: string): string[] {
  if (ignored.length === 0) return [];
  return [
    `${file}: keys of tapes that mean nothing here are read past: ${ignored.join(", ")}`,
  ];
}

/** A variable that is one slip away from a setting's. Others may be anybody's: Kubernetes makes CAPSTAN_PORT. */
function environmentWarnings(schema: SettingsSchema, env: Environment): string[] {
  const known = new Set(
    leavesOf(schema).flatMap(({ path, setting }) => {
      const names = envNames(path, setting);
      return isSecret(setting) ? [...names, ...names.map((name) => `${name}_FILE`)] : names;
    }),
  );
  return Object.keys(env).filter((name) => name.startsWith("CAPSTAN_") && !known.has(name)).flatMap(
    (name) => {
      const near = nearest(name, known);
      return near === undefined ? [] : [`env ${name} is not a setting; did you mean ${near}?`];
    },
  );
}

function permissionWarnings(schema: SettingsSchema, tree: TomlTable, { file, text }: Located): string[] {
  if (text === undefined) return [];
  const secret = leavesOf(schema).find(({ path, setting }) =>
    isSecret(setting) && nodeAt(tree, path) !== undefined
  );
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (secret === undefined || mode === undefined || !isOpenToOthers(mode)) return [];
  return [`${file} holds ${keyText(secret.path)} and other users can read it; chmod 600 it`];
}
