import { createHash } from "node:crypto";
import type { Redaction } from "capstan";
import * as z from "zod";

const text = z.string();

/** What is logged: what was asked of which model by whom, with the answer. */
export const entrySchema = z.strictObject({
  user_id: text.min(1).max(1_024),
  model: text.min(1).max(1_024),
  prompt: text,
  response: text,
  request_id: text.min(1).max(1_024).optional(),
  tenant: text.min(1).max(256).optional(),
  metadata: z.record(text, z.json()).optional(),
  timestamp_utc: z.iso.datetime({ offset: true }).optional(),
});

/** One entry as it is sent. */
export type GivenEntry = z.infer<typeof entrySchema>;

/** One entry as it was taken. */
export interface Entry extends GivenEntry {
  /** Names its record. Entries of one tenant with one request id have one id, and make one record. */
  readonly id: string;
  readonly tenant: string;
  readonly timestamp_utc: string;
}

/** What entries that leave something out are filled in with. */
export interface EntryDefaults {
  readonly tenant: string;
  /** The only tenant they may be of. */
  readonly only?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is taken out of them. */
  readonly redact: Redaction;
}

/** The entry that was taken. */
export function takenEntry(given: GivenEntry, { tenant: named, now, redact }: EntryDefaults): Entry {
  const tenant = given.tenant ?? redact.identity(named);
  return {
    ...given,
    tenant,
    timestamp_utc: new Date(given.timestamp_utc ?? now).toISOString(),
    id: given.request_id === undefined
      ? `log-${crypto.randomUUID()}`
      : requestEntryId(tenant, given.request_id),
  };
}

/** Id of a tenant's entry that has a request id. */
export function requestEntryId(tenant: string, requestId: string): string {
  const hash = createHash("sha256").update(JSON.stringify([tenant, requestId])).digest("hex");
  return `log-${hash.slice(0, 32)}`;
}
