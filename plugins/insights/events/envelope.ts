import * as z from "zod";

/** What every event of the nine topics is wrapped in; the form of the AI service's events. */
export interface Envelope<T extends string = string, D = unknown> {
  /** `evt-` and up to 124 letters, digits, `.`, `_`, `:` or `-`. The same id is the same event. */
  event_id: string;
  /** What happened: `feedback.submitted`. */
  event_type: T;
  /** Whose it is; tenants are never mixed. */
  tenant_id: string;
  /** When it happened: RFC 3339, UTC. */
  timestamp: string;
  /** The program it comes from. */
  source: string;
  /** What is said of it; its schema goes by the type. */
  data: D;
}

/** Tenant of a call or event that names none. */
export const NO_TENANT = "default";

/** An event id. */
export const eventId = z.string().regex(
  /^evt-[A-Za-z0-9._:-]{1,124}$/,
  "it must be evt- and 1 to 124 letters, digits or . _ : -",
);

/** A tenant's name: 1 to 128 characters, none of them a control character. */
export const tenantId = z.string().min(1).max(128).regex(
  /^[^\p{Cc}]+$/u,
  "it must not hold control characters",
);

/** RFC 3339 in UTC, with `Z`. */
export const utcTime = z.iso.datetime();

/** The schema of one type of event. */
export function eventSchema<T extends string, D extends z.ZodType>(type: T, data: D) {
  return z.strictObject({
    event_id: eventId,
    event_type: z.literal(type),
    tenant_id: tenantId,
    timestamp: utcTime,
    source: z.string().min(1).max(256),
    data,
  });
}
