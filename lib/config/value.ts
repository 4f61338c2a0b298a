import { parseBytes } from "./bytes.ts";
import { parseDuration } from "./duration.ts";
import { tomlString } from "./key.ts";
import { nearest } from "./nearest.ts";
import type { NamedTablesSetting, Setting, TableSetting, TextsSetting } from "./schema.ts";
import type { TomlNode } from "./toml.ts";

/** A setting that holds a value, not further settings. */
export type LeafSetting = Exclude<Setting, TableSetting | NamedTablesSetting | TextsSetting>;

/** A value as a plugin is given it: durations in milliseconds, sizes in bytes. */
export type SettingValue = string | number | boolean | readonly string[];

/** What was read of a source: the value and how TOML writes it, or why it won't do. */
export type Reading =
  | { readonly ok: true; readonly value: SettingValue; readonly text: string }
  | { readonly ok: false; readonly wrong: string; readonly allowed: string; readonly nearest?: string };

/** Before its type is known: whole numbers are `bigint`, others `number`. */
type Raw = string | number | bigint | boolean | Date | readonly Raw[] | { readonly table: true };

/** Reads what a TOML file has for a setting. */
export function readNode(setting: LeafSetting, node: TomlNode): Reading {
  return readRaw(setting, rawOf(node));
}

/** Reads a text of the environment, a flag or the command line for a setting. */
export function readText(setting: LeafSetting, text: string): Reading {
  switch (setting.type) {
    case "integer":
    case "number":
      if (/^[+-]?[0-9]+$/.test(text)) return readRaw(setting, BigInt(text));
      return readRaw(setting, text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
    case "boolean":
      if (text === "true" || text === "1") return readRaw(setting, true);
      if (text === "false" || text === "0") return readRaw(setting, false);
      return readRaw(setting, text);
    default:
      return readRaw(setting, text);
  }
}

/** Reads a setting's own default. `undefined`: it has none. */
export function readDefault(setting: LeafSetting): Reading | undefined {
  if (setting.default === undefined) return setting.type === "list" ? readRaw(setting, []) : undefined;
  const raw = setting.default;
  return readRaw(setting, typeof raw === "number" && Number.isSafeInteger(raw) ? BigInt(raw) : raw);
}

/** What a setting takes, to be read behind "it must be". */
export function allowedText(setting: Setting): string {
  switch (setting.type) {
    case "string":
      if (setting.oneOf !== undefined) return `one of ${setting.oneOf.map(tomlString).join(", ")}`;
      if (setting.form !== undefined) return setting.form;
      if (setting.pattern !== undefined) return `a text like /${setting.pattern}/`;
      return setting.path === true ? "a path" : "a text";
    case "integer":
      return `a whole number${range(setting.min, setting.max)}`;
    case "number":
      return `a number${range(setting.min, setting.max)}`;
    case "boolean":
      return "true or false";
    case "duration": {
      const forever = setting.forever === true ? ', or "forever"' : "";
      return `a time as "250ms", "30s", "5m", "2h" or "7d"${range(setting.min, setting.max)}${forever}`;
    }
    case "bytes":
      return `a size as "512", "64KB", "1MB" or "1MiB"${range(setting.min, setting.max)}`;
    case "list":
      return "a list of texts, or one text with commas";
    case "table":
    case "tables":
    case "texts":
      return "a table";
  }
}

function range(min: number | string | undefined, max: number | string | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

function readRaw(setting: LeafSetting, raw: Raw): Reading {
  switch (setting.type) {
    case "string": {
      if (typeof raw !== "string") return refuse(setting, raw);
      if (setting.oneOf !== undefined && !setting.oneOf.includes(raw)) {
        const near = nearest(raw, setting.oneOf);
        return { ...refuse(setting, raw), ...(near === undefined ? {} : { nearest: tomlString(near) }) };
      }
      if (setting.pattern !== undefined && !new RegExp(`^(?:${setting.pattern})$`, "u").test(raw)) {
        return refuse(setting, raw);
      }
      return { ok: true, value: raw, text: tomlString(raw) };
    }
    case "integer":
      return typeof raw === "bigint" ? readNumber(setting, raw) : refuse(setting, raw);
    case "number":
      return typeof raw === "bigint" || typeof raw === "number"
        ? readNumber(setting, raw)
        : refuse(setting, raw);
    case "boolean":
      return typeof raw === "boolean" ? { ok: true, value: raw, text: `${raw}` } : refuse(setting, raw);
    case "duration": {
      const value = typeof raw === "string" ? parseDuration(raw) : undefined;
      if (value === undefined) return refuse(setting, raw);
      const text = tomlString(`${raw}`);
      if (value === Infinity) {
        return setting.forever === true ? { ok: true, value, text } : refuse(setting, raw);
      }
      const [min, max] = [bound(setting.min, parseDuration), bound(setting.max, parseDuration)];
      return within(value, min, max) ? { ok: true, value, text } : refuse(setting, raw);
    }
    case "bytes": {
      const value = typeof raw === "string" || typeof raw === "bigint" ? parseBytes(`${raw}`) : undefined;
      const [min, max] = [bound(setting.min, parseBytes), bound(setting.max, parseBytes)];
      if (value === undefined || !within(value, min, max)) return refuse(setting, raw);
      return { ok: true, value, text: typeof raw === "bigint" ? `${raw}` : tomlString(`${raw}`) };
    }
    case "list": {
      const items = typeof raw === "string" ? raw.split(",") : raw;
      if (!Array.isArray(items)) return refuse(setting, raw);
      const value: string[] = [];
      for (const item of items) {
        if (typeof item !== "string") return refuse(setting, raw);
        if (item.trim() !== "") value.push(item.trim());
      }
      return { ok: true, value, text: `[${value.map(tomlString).join(", ")}]` };
    }
  }
}

function readNumber(setting: LeafSetting & { min?: unknown; max?: unknown }, raw: bigint | number): Reading {
  const value = Number(raw);
  const safe = typeof raw === "bigint" ? Number.isSafeInteger(value) : Number.isFinite(value);
  const min = typeof setting.min === "number" ? setting.min : undefined;
  const max = typeof setting.max === "number" ? setting.max : undefined;
  return safe && within(value, min, max) ? { ok: true, value, text: `${raw}` } : refuse(setting, raw);
}

function bound(text: string | undefined, parse: (text: string) => number | undefined): number | undefined {
  return text === undefined ? undefined : parse(text);
}

function within(value: number, min: number | undefined, max: number | undefined): boolean {
  return value >= (min ?? -Infinity) && value <= (max ?? Infinity);
}

function refuse(setting: LeafSetting, raw: Raw): Reading & { ok: false } {
  const secret = setting.type === "string" && setting.secret === true;
  const otherList = setting.type === "list" && Array.isArray(raw);
  const seen = otherList ? "a list of something else" : shown(raw);
  const wrong = secret ? `is ${typeName(raw)} that will not do` : `is ${seen}`;
  return { ok: false, wrong, allowed: `it must be ${allowedText(setting)}` };
}

function shown(raw: Raw): string {
  if (typeof raw === "string") return tomlString(raw.length > 80 ? `${raw.slice(0, 80)}…` : raw);
  if (typeof raw === "boolean") return `${raw}`;
  if (typeof raw === "bigint" || typeof raw === "number") return `the number ${raw}`;
  return typeName(raw);
}

function typeName(raw: Raw): string {
  if (typeof raw === "string") return "a text";
  if (typeof raw === "boolean") return "a boolean";
  if (typeof raw === "bigint" || typeof raw === "number") return "a number";
  if (raw instanceof Date) return "a date";
  return Array.isArray(raw) ? "a list" : "a table";
}

function rawOf(node: TomlNode): Raw {
  if (node.kind === "value") return node.value;
  return node.kind === "array" ? node.items.map(rawOf) : { table: true };
}
