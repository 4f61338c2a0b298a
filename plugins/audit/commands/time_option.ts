import { UsageError } from "./usage_error.ts";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Milliseconds since 1970 of an option: RFC 3339, or a day, which begins at midnight UTC.
 * @throws {UsageError} it is neither.
 */
export function timeOption(flag: string, value: string | boolean | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  const ms = DAY.test(value) || TIME.test(value) ? Date.parse(value) : NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(
    `Cannot use ${flag} ${value}: give a day (2026-01-31) or a time (2026-01-31T08:00:00Z)`,
  );
}
