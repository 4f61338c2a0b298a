const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** Space between a key and its colon, which hardly anybody writes. */
const SPACED_COLON = /"\s+:/;

/** The end of a key with an escape: its last escape, and the quote and colon behind it. */
const ESCAPED_KEY = /\\.[^"\\]*"\s*:/;

/** Whether a JSON text may have a key with an escape; it is never `false` where it has. */
export function mayEscapeKey(text: string): boolean {
  if (!text.includes("\\")) return false;
  if (SPACED_COLON.test(text)) return ESCAPED_KEY.test(text);
  // Looking at each key's end is several times as fast as at each escape: texts have more of these.
  for (let end = text.indexOf('":'); end !== -1; end = text.indexOf('":', end + 2)) {
    if (!isEscaped(text, end) && hasEscape(text, end)) return true;
  }
  return false;
}

/** Whether the quote at `at` belongs to a text, such as JSON in JSON. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}

/** Whether there is an escape before the quote at `end`, as far as the text's beginning or an escaped quote. */
function hasEscape(text: string, end: number): boolean {
  let at = end - 1;
  while (at >= 0 && text.charCodeAt(at) !== QUOTE) {
    if (text.charCodeAt(at--) === BACKSLASH) return true;
  }
  return text.charCodeAt(at - 1) === BACKSLASH;
}
