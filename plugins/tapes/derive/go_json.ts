import type { Json } from "../turn.ts";

const NEEDS_ESCAPE = /[<>&\u2028\u2029]/;
const ESCAPED = /[<>&\u2028\u2029]/g;
const BEYOND_LATIN = /[\ud800-\uffff]/;

function escape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A text as Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 escaped, lone surrogates as U+FFFD. */
export function goString(text: string): string {
  const json = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
  return NEEDS_ESCAPE.test(json) ? json.replace(ESCAPED, escape) : json;
}

/** Order of UTF-8 bytes, in which Go sorts keys. It differs from JavaScript's only where surrogates meet U+E000 and up. */
export function byUtf8(a: string, b: string): number {
  if (!BEYOND_LATIN.test(a) || !BEYOND_LATIN.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  const left = Array.from(a), right = Array.from(b);
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/**
 * A value as Go's encoding/json writes a `map[string]any`: sorted keys, Go's escapes, and `-0` where it is negative.
 * The text is what tapes stores, byte for byte, and JSON that anything reads.
 */
export function goJson(value: Json): string {
  if (typeof value === "string") return goString(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  const keys = Object.keys(value);
  if (!keys.every((key) => key.isWellFormed())) {
    // Keys that become the same are one, and the last one wins.
    return goJson(
      Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), member])),
    );
  }
  const members: string[] = [];
  for (const key of keys.sort(byUtf8)) {
    const member = value[key];
    if (member !== undefined) members.push(`${goString(key)}:${goJson(member)}`);
  }
  return `{${members.join(",")}}`;
}
