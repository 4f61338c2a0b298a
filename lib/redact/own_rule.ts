import type { Place, Rule } from "./rule.ts";

/** Longest pattern taken, in characters. */
const MAX_PATTERN = 1_000;

/**
 * A rule of the user's own pattern, as RE2 has it: without look-around and back-references, and in time proportional to
 * the text whatever the pattern is. A group named `secret` is what is replaced, else the whole match.
 * @throws {TypeError} the pattern is none, or matches the empty text.
 */
export async function ownRule(name: string, pattern: string): Promise<Rule> {
  const cannot = `Cannot use redact.patterns.${name}.pattern`;
  if (pattern.length > MAX_PATTERN) {
    throw new TypeError(`${cannot}: it has ${pattern.length} characters; at most ${MAX_PATTERN} are taken`);
  }
  // Half a megabyte of tables, for those who have patterns.
  const { RE2JS } = await import("re2js");
  let compiled: ReturnType<typeof RE2JS.compile>;
  try {
    compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${cannot}: ${why}; give a regular expression as RE2 has it, without look-around`, {
      cause,
    });
  }
  if (compiled.matcher("").find()) {
    throw new TypeError(`${cannot}: it matches the empty text; say what must be there`);
  }
  const hasSecret = Object.hasOwn(compiled.namedGroups(), "secret");
  return {
    name,
    doc: "An own pattern.",
    *find(text): Generator<Place> {
      const matcher = compiled.matcher(text);
      while (matcher.find()) {
        const group = hasSecret && matcher.start("secret") >= 0 ? "secret" : 0;
        const place = { start: matcher.start(group), end: matcher.end(group) };
        if (place.end > place.start) yield place;
      }
    },
  };
}
