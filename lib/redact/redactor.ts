import { type Match, matchesIn } from "./matches.ts";
import { RecentTexts } from "./recent_texts.ts";
import type { Rule } from "./rule.ts";
import type { Action } from "./settings.ts";
import { redactValue } from "./walk.ts";

/** A rule and what it does. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly action: Action;
}

/** What was found in a text, and what it becomes. */
export interface Finding {
  /** The rule's name. */
  readonly rule: string;
  /** Index of its first UTF-16 unit. */
  readonly start: number;
  /** Index behind its last one. */
  readonly end: number;
  /** What is written in its place. */
  readonly becomes: string;
}

/** How keyed hashes are made: hexadecimal digits of what was found by that rule. */
export type KeyedHash = (rule: string, found: string) => string;

/** What is left as it is: what an earlier run wrote, and files within texts. */
const FILE =
  "data:[A-Za-z0-9.+-]{1,64}/[A-Za-z0-9.+-]{1,64}(?:;[A-Za-z0-9=._-]{1,64}){0,4};base64,[A-Za-z0-9+/=]+";
/** Base64 from here on is a file, and no key that anybody made. */
const FILE_LENGTH = 512;
/** Looks at what stands beside something found before the rest of it goes as a whole. */
const MAX_ROUNDS = 16;
/** What deeper data than this has is not looked at but taken out. */
export const REDACTED = "[redacted]";

/**
 * Takes what rules find out of texts and data. The same text always becomes the same, and what it has become stays so.
 * Overlaps go as one. Files in base64 are left alone: whole texts of 512 characters and more, and `data:` URLs.
 */
export class Redactor {
  readonly #rules: readonly Rule[];
  readonly #actions: ReadonlyMap<string, Action>;
  readonly #hash: KeyedHash;
  readonly #kept: RegExp;
  readonly #recent = new RecentTexts();
  readonly #recentNames = new RecentTexts();

  /** `hash` is asked where something is hashed. */
  constructor(rules: readonly ActiveRule[], hash: KeyedHash) {
    this.#rules = rules.map(({ rule }) => rule);
    this.#actions = new Map(rules.map(({ rule, action }) => [rule.name, action]));
    this.#hash = hash;
    const names = [...this.#actions.keys(), REDACTED.slice(1, -1)].join("|");
    this.#kept = new RegExp(`\\[(?:${names})(?::[0-9a-f]{12})?\\]|${FILE}`, "g");
  }

  /** The text without what the rules find; the same text where they find nothing. */
  text(text: string): string {
    return this.#recent.get(text) ?? this.#recent.set(text, this.#redact(text, "text"));
  }

  /** As `text`, but two different texts stay different: what would be masked or dropped is hashed. For keys and names. */
  identity(text: string): string {
    return this.#recentNames.get(text) ?? this.#recentNames.set(text, this.#redact(text, "name"));
  }

  /**
   * Any JSON value with its texts, its objects' keys and card numbers so; the same reference where nothing is found.
   * A text under a name as `password` is a secret whatever it looks like, unless it is a plain word.
   */
  value<V>(value: V): V;
  value(value: unknown): unknown {
    return redactValue(value, this);
  }

  /** What stands in a text, in its order. */
  find(text: string): Finding[] {
    return this.#matches(text).map(({ rule, start, end }) => ({
      rule: rule.name,
      start,
      end,
      becomes: this.write(rule.name, text.slice(start, end)),
    }));
  }

  /** Whether a rule is at work. */
  has(rule: string): boolean {
    return this.#actions.has(rule);
  }

  /** What is written in the place of something that a rule found. */
  write(name: string, found: string, as: "text" | "name" = "text"): string {
    const action = this.#actions.get(name) ?? "mask";
    if (action === "hash" || as === "name") {
      const rule = this.#rules.find((each) => each.name === name);
      return `[${name}:${this.#hash(name, rule?.canonical?.(found) ?? found).slice(0, 12)}]`;
    }
    return action === "mask" ? `[${name}]` : "";
  }

  #redact(text: string, as: "text" | "name"): string {
    let before = text;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const matches = this.#matches(before);
      if (matches.length === 0) return before;
      let after = "";
      let at = 0;
      for (const { rule, start, end } of matches) {
        after += before.slice(at, start) + this.write(rule.name, before.slice(start, end), as);
        at = end;
      }
      after += before.slice(at);
      // Where something vanished, its neighbours are a new text.
      if (as === "name" || matches.every(({ rule }) => this.#actions.get(rule.name) !== "drop")) return after;
      before = after;
    }
    return REDACTED;
  }

  /** All that is found, looking again at what is left beside it until nothing is. */
  #matches(text: string): Match[] {
    if (text.length < 5 || isFile(text)) return [];
    const found: Match[] = [];
    let pieces = piecesOf(text, this.#kept);
    for (let round = 1; pieces.length > 0; round++) {
      const next: { start: number; end: number }[] = [];
      for (const { start, end } of pieces) {
        const matches = matchesIn(text.slice(start, end), this.#rules);
        const [first] = matches;
        if (first === undefined) continue;
        if (round > MAX_ROUNDS) {
          found.push({ rule: first.rule, start, end });
          continue;
        }
        let at = start;
        for (const match of matches) {
          found.push({ rule: match.rule, start: start + match.start, end: start + match.end });
          if (start + match.start > at) next.push({ start: at, end: start + match.start });
          at = start + match.end;
        }
        if (at < end) next.push({ start: at, end });
      }
      pieces = next;
    }
    return found.sort((a, b) => a.start - b.start);
  }
}

/** The text between what is left as it is. */
function piecesOf(text: string, kept: RegExp): { start: number; end: number }[] {
  if (!text.includes("[") && !text.includes("data:")) return [{ start: 0, end: text.length }];
  const pieces: { start: number; end: number }[] = [];
  let at = 0;
  for (const match of text.matchAll(kept)) {
    if (match.index > at) pieces.push({ start: at, end: match.index });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ start: at, end: text.length });
  return pieces;
}

/** Whether the whole text is a file in base64. */
function isFile(text: string): boolean {
  return text.length >= FILE_LENGTH && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text);
}
