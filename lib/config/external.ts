import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import type { Located } from "./locate.ts";
import { keyText } from "./key.ts";
import { absolutePath } from "./paths.ts";
import { configError, type Place, type Problem } from "./problem.ts";
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
  /** `[plugins.NAME] enabled`; the module of a disabled plugin is not loaded. */
  readonly enabled: boolean;
}

/**
 * The modules a configuration names, in its order. Empty where the file has none.
 * @throws {ConfigError} the file is no TOML, or one of these keys is of another type.
 */
export function externalModules(located: Located, env: Environment, cwd: string): ExternalModule[] {
  const { file, text, dir } = located;
  // Most configurations have none, and are not read twice for it.
  if (text === undefined || !/\bmodule\b/.test(text)) return [];
  const plugins = nodeAt(readToml(text, file), ["plugins"]);
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
    return [{
      name,
      module: absolutePath(module, { dir, cwd, home: homeOf(env), fromFile: true }),
      place,
      optional: isSetTo(table.entries.get("optional"), true),
      enabled: !isSetTo(table.entries.get("enabled"), false),
    }];
  });
  if (problems.length > 0) throw configError(problems);
  return found;
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
