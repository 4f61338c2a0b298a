import type { RecordInput } from "../trail/record_input.ts";
import type { Entry } from "./entry.ts";

/** The record of an entry that was taken at a time in milliseconds since 1970. */
export function entryRecord({ id, tenant, ...event }: Entry, takenMs: number): RecordInput {
  return {
    kind: "log",
    tenant,
    user: event.user_id,
    facts: { id, model: event.model, taken_at: new Date(takenMs).toISOString() },
    content: event,
    requestId: event.request_id,
    source: id,
  };
}
