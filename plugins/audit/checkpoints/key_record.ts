import type { RecordInput } from "../trail/record_input.ts";
import { NO_TENANT } from "../trail/turn_record.ts";

/** The record that a key signs checkpoints from now on, or does no more. `vkey` is its public half. */
export function keyRecord(action: "added" | "retired", vkey: string): RecordInput {
  return { kind: "key", tenant: NO_TENANT, facts: { action, vkey }, source: `key:${vkey}:${action}` };
}
