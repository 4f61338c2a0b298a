import type { Redaction } from "capstan";
import type { GivenEntry } from "./entry.ts";

/** An entry without what redaction finds in it. Who and what it is about still differs from others. */
export function redactEntry(entry: GivenEntry, redact: Redaction): GivenEntry {
  if (!redact.on) return entry;
  const { user_id, request_id, tenant } = entry;
  return {
    ...redact.value(entry),
    user_id: redact.identity(user_id),
    ...(request_id !== undefined && { request_id: redact.identity(request_id) }),
    ...(tenant !== undefined && { tenant: redact.identity(tenant) }),
  };
}
