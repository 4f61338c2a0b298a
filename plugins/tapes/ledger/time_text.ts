/** A moment as tapes stores and publishes it. */
export interface TimeText {
  /** `2026-11-20 23:16:26.54295691+00:00`, as in the table. */
  stored: string;
  /** `2026-11-20T23:16:26.54295691Z`, RFC 3339, as in events. */
  rfc3339: string;
}

/**
 * Writes milliseconds since 1970 in tapes' two formats, trailing zeros cut as Go does. `nth` (0–999) is added in
 * nanoseconds, so that the messages of one request sort in their order.
 */
export function timeText(ms: number, nth = 0): TimeText {
  const micros = Math.round(ms * 1000);
  const millis = Math.floor(micros / 1000);
  const nanos = (micros - Math.floor(millis / 1000) * 1_000_000) * 1000 + Math.min(nth, 999);
  const digits = nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
  const iso = new Date(millis).toISOString();
  const day = iso.slice(0, -14), time = iso.slice(-13, -5) + digits;
  return { stored: `${day} ${time}+00:00`, rfc3339: `${day}T${time}Z` };
}

/** Turns a stored time, of tapes' or SQLite's own form, into RFC 3339. Other forms come back unchanged. */
export function storedToRfc3339(stored: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?/.exec(stored);
  if (parts === null) return stored;
  const zone = parts[3] === undefined || parts[3] === "+00:00" ? "Z" : parts[3];
  return `${parts[1]}T${parts[2]}${zone}`;
}
