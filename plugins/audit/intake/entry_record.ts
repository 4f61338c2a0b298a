import type { RecordInput } from "../trail/record_input.ts";
import type { Entry } from "./entry.ts";

/** What the record of an entry is made of. */
export function entryRecord({ id, tenant, ...event }: Entry): RecordInput {
  return {
    kind: "log",
    tenant,
    user: event.user_id,
    facts: { id, model: event.model },
    content: event,
    requestId: event.request_id,
    source: id,
  };
}
