import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import { isLeaf } from "./root.ts";
import type { SettingsSchema } from "./schema.ts";

/** What stands where a secret would be printed. */
export const MASK = "***";

/** A secret's file as it was read. */
export type SecretFile =
  | { readonly ok: true; readonly value: string; readonly openToOthers: boolean }
  | { readonly ok: false; readonly wrong: string };

/** Reads a secret from a file; one line break at its end is not part of it. */
export function readSecretFile(path: string): SecretFile {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { ok: false, wrong: `names ${path}, which is not a file` };
    if (stat.size > 65_536) return { ok: false, wrong: `names ${path}, which is too large for a secret` };
    const value = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)).replace(/\r?\n$/, "");
    if (value === "") return { ok: false, wrong: `names ${path}, which is empty` };
    return { ok: true, value, openToOthers: isOpenToOthers(stat.mode) };
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? `${cause.code}` : "it is not UTF-8 text";
    return { ok: false, wrong: `names ${path}, which can't be read (${why})` };
  }
}

/** Whether a file's mode lets its group or everybody read it. Windows has no such modes. */
export function isOpenToOthers(mode: number): boolean {
  return process.platform !== "win32" && (mode & 0o077) !== 0;
}

/**
 * Freezes settings, and makes them show `***` for secrets where they are printed or made JSON, by accident or not.
 * Reading a member gives the secret itself.
 */
export function guardSecrets(
  schema: SettingsSchema,
  values: Record<string, unknown>,
): Record<string, unknown> {
  const hidden = Object.entries(schema)
    .filter(([name, setting]) =>
      setting.type === "string" && setting.secret === true && values[name] !== undefined
    )
    .map(([name]) => name);
  for (const [name, setting] of Object.entries(schema)) {
    const value = values[name];
    if (isLeaf(setting) || !isRecord(value)) continue;
    if (setting.type === "table") guardSecrets(setting.fields, value);
    else if (setting.type === "texts") Object.freeze(value);
    else {
      for (const each of Object.values(value)) if (isRecord(each)) guardSecrets(setting.fields, each);
      Object.freeze(value);
    }
  }
  if (hidden.length > 0) {
    const masked = () => ({ ...values, ...Object.fromEntries(hidden.map((name) => [name, MASK])) });
    for (const name of ["toJSON", Symbol.for("nodejs.util.inspect.custom")]) {
      Object.defineProperty(values, name, { value: masked, enumerable: false });
    }
  }
  return Object.freeze(values);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
