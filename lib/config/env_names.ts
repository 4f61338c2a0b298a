import type { KeyPath } from "./key.ts";
import type { LeafSetting } from "./value.ts";

/** The environment variable of a key: `CAPSTAN_STORE_SQLITE`. */
export function envName(path: KeyPath, prefix = "CAPSTAN"): string {
  return [prefix, ...path].join("_").toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/**
 * The environment variables that set a setting; the first that is there and not empty wins: `CAPSTAN_` with the key,
 * `CAPSTAN_` with the alias, the setting's own, `TAPES_` with the alias.
 */
export function envNames(path: KeyPath, setting: LeafSetting): string[] {
  const alias = setting.alias?.split(".");
  const names = [envName(path)];
  if (alias !== undefined) names.push(envName(alias));
  names.push(...setting.env ?? []);
  if (alias !== undefined) names.push(envName(alias, "TAPES"));
  return names;
}
