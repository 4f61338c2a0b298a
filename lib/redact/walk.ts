import { cards } from "./people.ts";
import { isNamedSecret } from "./named_secret.ts";

/** What redacts the parts of a value. */
export interface PartRedactor {
  /** The text without what is found. */
  text(text: string): string;
  /** The same, kept apart from others. */
  identity(text: string): string;
  /** What stands for something that a rule found. */
  write(rule: string, found: string): string;
  /** Whether a rule is at work. */
  has(rule: string): boolean;
}

/** Deeper data than anybody reads is taken out: looking at it would end the program. */
const MAX_DEPTH = 1_000;
const TOO_DEEP = "[redacted]";

/** A value with its texts redacted; the same reference where nothing is found. */
export function redactValue(value: unknown, parts: PartRedactor): unknown {
  return walk(value, "", parts, 0);
}

function walk(value: unknown, name: string, parts: PartRedactor, depth: number): unknown {
  if (typeof value === "string") return redactText(value, name, parts);
  if (typeof value === "number" || typeof value === "bigint") return redactNumber(value, parts);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (depth > MAX_DEPTH) return TOO_DEEP;
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const plain: unknown = value.toJSON();
    const redacted = walk(plain, name, parts, depth + 1);
    return redacted === plain ? value : redacted;
  }
  return Array.isArray(value) ? walkList(value, name, parts, depth) : walkObject(value, parts, depth);
}

function walkList(list: readonly unknown[], name: string, parts: PartRedactor, depth: number): unknown {
  let changed: unknown[] | undefined;
  for (let at = 0; at < list.length; at++) {
    const redacted = walk(list[at], name, parts, depth + 1);
    if (redacted !== list[at]) (changed ??= [...list])[at] = redacted;
  }
  return changed ?? list;
}

function walkObject(object: object, parts: PartRedactor, depth: number): unknown {
  const entries = Object.entries(object);
  let changed = false;
  const redacted = entries.map(([key, value]): [string, unknown] => {
    const entry: [string, unknown] = [parts.identity(key), walk(value, key, parts, depth + 1)];
    changed ||= entry[0] !== key || entry[1] !== value;
    return entry;
  });
  // From entries: a key `__proto__` stays one.
  return changed ? Object.fromEntries(redacted) : object;
}

function redactText(text: string, name: string, parts: PartRedactor): string {
  const named = name !== "" && parts.has("token");
  if (named && isNamedSecret(name, text)) return parts.write("token", text);
  const redacted = parts.text(text);
  // What was too long or had spaces may look like one now; a second run would find it.
  return named && redacted !== text && isNamedSecret(name, redacted)
    ? parts.write("token", redacted)
    : redacted;
}

function redactNumber(value: number | bigint, parts: PartRedactor): unknown {
  if (value < 1e12 || !parts.has("card")) return value;
  const digits = String(value);
  return cards.accepts?.(digits) === true && /^\d+$/.test(digits) ? parts.write("card", digits) : value;
}
