import type { Redaction } from "capstan";
import { Hono } from "hono";
import { NO_TENANT } from "../trail/turn_record.ts";
import { entryRecord } from "./entry_record.ts";
import type { Intake } from "./intake.ts";
import { readEntries } from "./read_entries.ts";
import { type BodyLimits, limitBody, readItems } from "./read_items.ts";
import { Refusal } from "./refusal.ts";

/** What the API is made of. */
export interface ApiOptions {
  readonly intake: Pick<Intake, "take">;
  /** What is taken out of entries. */
  readonly redact: Redaction;
  readonly limits: BodyLimits;
  /** Milliseconds since 1970. */
  now(): number;
  /** The only tenant the caller may speak for. */
  readonly tenant?: string;
  /** A request was answered: for metrics. */
  count(status: number): void;
}

/** `POST /v1/audit`: one entry, a list, or lines of JSON; 202 with their ids once they are durable. */
export function api({ intake, redact, limits, now, count, tenant: only }: ApiOptions): Hono {
  const app = new Hono();
  app.post("/v1/audit", limitBody(limits), async ({ req }) => {
    const { items, list } = await readItems(req.raw, limits);
    const tenant = only ?? (req.header("x-capstan-tenant")?.trim() || NO_TENANT);
    const entries = readEntries(items, { tenant, only, redact, now: now() });
    await intake.take(entries.map(entryRecord));
    count(202);
    const ids = entries.map(({ id }) => id);
    return Response.json(list ? { ids } : { id: ids[0] }, { status: 202 });
  });
  app.onError((error) => {
    // What is no refusal is a bug; the listener it came by says so.
    if (!(error instanceof Refusal)) throw error;
    const { status, message, problems } = error;
    count(status);
    return Response.json({ error: message, ...(problems.length > 0 && { problems }) }, {
      status,
      headers: status === 429 || status === 503 ? { "retry-after": "1" } : {},
    });
  });
  return app;
}
