/** Longest wait that a receiver may ask for, in milliseconds. */
export const LONGEST_WAIT_MS = 60 * 60 * 1000;

/** Milliseconds a `Retry-After` asks to wait (RFC 9110, 10.2.3): seconds, or a date; 0 where it asks for nothing. */
export function retryAfterMs(value: string | null, nowMs: number): number {
  if (value === null) return 0;
  const text = value.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_WAIT_MS);
}
