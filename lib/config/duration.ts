const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  /** 365 days. */
  y: 365 * 86_400_000,
};

/** What a duration looks like, as a regular expression for a whole text. `forever` is apart. */
export const DURATION_PATTERN = "(0|[0-9]+(\\.[0-9]+)?(ms|s|m|h|d|y))";

/**
 * Milliseconds of `"250ms"`, `"30s"`, `"1.5h"`, `"7d"`, `"7y"` (of 365 days) or `"0"`; `Infinity` of `"forever"`; `undefined` when the text is
 * no duration, or one whose milliseconds a number can't count.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "forever") return Infinity;
  if (text === "0") return 0;
  const match = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|y)$/.exec(text);
  const unit = MILLISECONDS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  const milliseconds = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** The shortest text that `parseDuration` reads as these whole milliseconds. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === Infinity) return "forever";
  if (milliseconds === 0) return "0s";
  for (const unit of ["d", "h", "m", "s"]) {
    const size = MILLISECONDS[unit] ?? 1;
    if (milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return `${milliseconds}ms`;
}
