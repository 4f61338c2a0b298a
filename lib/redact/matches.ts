import type { Place, Rule } from "./rule.ts";

/** A place and the rule that claims it. */
export interface Match extends Place {
  readonly rule: Rule;
}

/** What a rule finds in a text, accepted candidates alone. */
function* ofRule(rule: Rule, text: string): Generator<Place> {
  if (rule.mayHave?.(text) === false) return;
  for (const pattern of rule.patterns ?? []) {
    for (const match of text.matchAll(pattern)) {
      const secret = match.groups?.secret;
      const found = secret ?? match[0];
      if (rule.accepts?.(found) === false) continue;
      // Patterns begin the group behind its own name, so that the last place of the same text is the group's.
      const start = secret === undefined ? match.index : match.index + match[0].lastIndexOf(secret);
      yield { start, end: start + found.length };
    }
  }
  yield* rule.find?.(text) ?? [];
}

/**
 * What the rules find in a text, in order and apart from each other. Places that overlap become one, so that nothing that
 * any rule claims is left; it belongs to the longest of them, to the first rule of those as long.
 */
export function matchesIn(text: string, rules: readonly Rule[]): Match[] {
  const found: (Match & { rank: number })[] = [];
  for (const [rank, rule] of rules.entries()) {
    for (const { start, end } of ofRule(rule, text)) found.push({ rule, start, end, rank });
  }
  if (found.length < 2) return found;
  found.sort((a, b) => a.start - b.start || b.end - a.end || a.rank - b.rank);
  const apart: Match[] = [];
  let longest = 0;
  for (const { rank: _, ...next } of found) {
    const last = apart.at(-1);
    if (last === undefined || next.start >= last.end) {
      apart.push(next);
      longest = next.end - next.start;
      continue;
    }
    const length = next.end - next.start;
    const rule = length > longest ? next.rule : last.rule;
    longest = Math.max(longest, length);
    apart[apart.length - 1] = { rule, start: last.start, end: Math.max(last.end, next.end) };
  }
  return apart;
}
