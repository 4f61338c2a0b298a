import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import type { Located } from "./locate.ts";
import type { Entry } from "./entry.ts";
import { keyText } from "./key.ts";
import type { Sources } from "./candidates.ts";
import { ISOLATION } from "./isolation.ts";
import { absolutePath, type PathBases } from "./paths.ts";
import { type ConfigError, configError, type Place, type Problem } from "./problem.ts";
import { resolve } from "./resolve.ts";
import type { SettingsOf } from "./schema.ts";
import { nodeAt, readToml, type TomlNode } from "./toml.ts";
import { type Environment, homeOf, isTrusted } from "./trust.ts";

/** A plugin that a configuration loads from a module: `[plugins.NAME] module = "./x.ts"`. */
export interface ExternalModule {
  /** Name of its table, and the plugin's own. */
  readonly name: string;
  /** The module's file or folder, absolute. */
  readonly module: string;
  /** Where the setting stands. */
  readonly place: Place;
  /** The agent starts without it where it can't be loaded or set up. */
  readonly optional: boolean;
  /** How it is kept apart: `[plugins.NAME] isolation = "worker"`; absent: it runs in the agent's own thread. */
  readonly isolation?: Isolation;
  /** What is wrong with how it is to be kept apart: its code must not be loaded. */
  readonly wrong?: ConfigError;
  /** `[plugins.NAME] enabled`; the module of a disabled plugin is not loaded. */
  readonly enabled: boolean;
}

/** Settings of a plugin that runs in a Worker; paths are absolute. */
export interface Isolation {
  /** Milliseconds a handler, route or hook may take; `Infinity` for ever. */
  readonly handlerTimeoutMs: number;
  /** What it may do. */
  readonly permissions: Readonly<Record<keyof typeof ISOLATION["permissions"]["fields"], readonly string[]>>;
}

/**
 * The modules a configuration names, in its order. Empty where the file has none.
 * @throws {ConfigError} the file is no TOML, or one of these keys is of another type.
 */
export function externalModules(located: Located, env: Environment, cwd: string): ExternalModule[] {
  const { file, text, dir } = located;
  // Most configurations have none, and are not read twice for it.
  if (text === undefined || !/\bmodule\b/.test(text)) return [];
  const tree = readToml(text, file);
  const plugins = nodeAt(tree, ["plugins"]);
  if (plugins?.kind !== "table") return [];
  const problems: Problem[] = [];
  const found = [...plugins.entries].flatMap(([name, table]): ExternalModule[] => {
    if (table.kind !== "table") return [];
    const node = table.entries.get("module");
    if (node === undefined) return [];
    const place: Place = { kind: "file", file, ...node.at };
    const module = node.kind === "value" && typeof node.value === "string" ? node.value : "";
    if (module === "") {
      problems.push({
        place,
        key: keyText(["plugins", name, "module"]),
        wrong: "is no path",
        allowed: 'it must be the path of a module, as "./print.ts"',
      });
      return [];
    }
    const bases = { dir, cwd, home: homeOf(env) };
    const isolated = isolationOf(name, { tree, file, flags: [], env }, bases);
    return [{
      name,
      module: absolutePath(module, { ...bases, fromFile: true }),
      place,
      optional: isSetTo(table.entries.get("optional"), true),
      enabled: !isSetTo(table.entries.get("enabled"), false),
      ...(isolated.isolation && { isolation: isolated.isolation }),
      ...(isolated.problems.length > 0 && { wrong: configError(isolated.problems) }),
    }];
  });
  if (problems.length > 0) throw configError(problems);
  return found;
}

/** How a plugin is kept apart: read before its code is, for it says where that runs. */
function isolationOf(
  name: string,
  sources: Sources,
  bases: PathBases,
): { isolation?: Isolation; problems: readonly Problem[] } {
  const table = { type: "table", doc: "It.", fields: ISOLATION } as const;
  const schema = { plugins: { type: "table", doc: "All.", fields: { [name]: table } } } as const;
  const { values, entries, problems } = resolve(schema, sources, bases);
  const { plugins } = values as SettingsOf<typeof schema>;
  const read = plugins[name];
  if (problems.length > 0 || read === undefined) return { problems };
  if (read.isolation !== "worker") return { problems: idle(entries) };
  const paths = (list: readonly string[]) =>
    list.map((path) => path === "*" ? path : absolutePath(path, { ...bases, fromFile: true }));
  const { permissions } = read;
  return {
    problems,
    isolation: {
      handlerTimeoutMs: read.handler_timeout,
      permissions: { ...permissions, read: paths(permissions.read), write: paths(permissions.write) },
    },
  };
}

/** Permissions that restrict nothing: the plugin would run with all the agent's, against what was meant. */
function idle(entries: readonly Entry[]): Problem[] {
  return entries.filter(({ key, place }) => key.includes(".permissions.") && place.kind !== "default").map(
    ({ key, place }) => ({
      place,
      key,
      wrong: "restricts nothing, for the plugin is not isolated",
      allowed: `set isolation = "worker" beside it, or take it out`,
    }),
  );
}

/**
 * Whether a module's code may be loaded: always for a configuration that was told or is the user's own; for one found
 * in the working directory once `capstan plugins trust` has seen this very file.
 */
export function mayLoad(located: Located, module: string, env: Environment): boolean {
  if (located.origin !== "found") return true;
  try {
    return isTrusted(module, moduleText(module), env);
  } catch {
    return false; // it is not there: loading it says so
  }
}

/** What trust of a module is about: the file's content. */
export function moduleText(module: string): string {
  return createHash("sha256").update(readFileSync(realpathSync(module))).digest("hex");
}

function isSetTo(node: TomlNode | undefined, wanted: boolean): boolean {
  return node?.kind === "value" && node.value === wanted;
}
