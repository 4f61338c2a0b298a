import { readJson } from "capstan/json";
import type { Json } from "../turn.ts";

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** Levels of nesting a body may have. SQLite's JSON functions and other readers of what we store stop at 1000. */
export const MAX_DEPTH = 900;

/** What `readJson` gives may be walked and written again safely, or why not. */
type Trouble = "deep" | "infinite" | undefined;

function troubleOf(value: Json, levels: number): Trouble {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "infinite";
  if (value === null || typeof value !== "object") return undefined;
  if (levels === 0) return "deep";
  let found: Trouble;
  const see = (member: Json) => {
    // A text is the commonest member, and never any trouble.
    if (typeof member === "string" || found === "deep") return;
    found = troubleOf(member, levels - 1) ?? found;
  };
  if (Array.isArray(value)) value.forEach(see);
  else for (const key in value) see(value[key] ?? null);
  return found;
}

/**
 * Reads JSON. A number beyond a double's range becomes the text that stood there.
 * @throws {SyntaxError} the text is no JSON, or nested deeper than `MAX_DEPTH`.
 */
export function parseJson(text: string): Json {
  const value: Json = readJson(text);
  const trouble = troubleOf(value, MAX_DEPTH);
  if (trouble === "deep") throw new SyntaxError(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (trouble === undefined) return value;
  return readJson(text, {
    numberOf(source) {
      const number = Number(source);
      return Number.isFinite(number) ? number : source;
    },
  });
}

/** As `parseJson`, but `undefined` where it throws. */
export function tryJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** The value of a JSON text that loses nothing by being read, else `undefined`. */
export function exactJson(text: string): Json | undefined {
  try {
    const value: Json = readJson(text);
    return troubleOf(value, MAX_DEPTH) === undefined ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The value if it is an object (no list), else `undefined`. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
}

/** The value if it is a list, else an empty one. */
export function asList(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a text, else "". */
export function asText(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** The value if it is a number of zero or more, else `undefined`. */
export function asCount(value: Json | undefined): number | undefined {
  return typeof value === "number" && value >= 0 ? value : undefined;
}

/** Whether a value says nothing: absent, null, "", [] or {}. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (typeof value !== "object") return false;
  for (const _ in value) return false;
  return true;
}

/** The members of an object that say something, without those named. */
export function rest(source: JsonObject, ...without: string[]): JsonObject {
  const entries = Object.entries(source).filter(([key, value]) => !isEmpty(value) && !without.includes(key));
  return Object.fromEntries(entries);
}
