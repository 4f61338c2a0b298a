import type { StreamRecord } from "capstan";
import type { RecordInput } from "./record_input.ts";
import { NO_TENANT } from "./turn_record.ts";

/** The record of something done to the agent through its admin listener. */
export function adminRecord({ data, partition, offset }: StreamRecord): RecordInput {
  const { action, actor, status, at } = data as { action: string; actor: string; status: number; at: string };
  return {
    kind: "admin",
    tenant: NO_TENANT,
    facts: { action, actor, status, at },
    source: `action:${partition}:${offset}`,
  };
}
