import { Buffer } from "node:buffer";
import type { AuditRecord } from "../record/record.ts";
import type { Keyring } from "../seal/keyring.ts";
import type { RecordInput } from "./record_input.ts";

/** What a record is made of, as far as that can be done before its place is known. */
export interface PreparedRecord extends Omit<RecordInput, "user" | "content"> {
  /** Fingerprint of the user. */
  readonly subject?: string;
  /** JSON of the content. */
  readonly content?: Uint8Array;
}

/** Does for records what needs neither their number nor the store. */
export function prepareRecords(
  inputs: readonly RecordInput[],
  keyring: Pick<Keyring, "subject">,
): PreparedRecord[] {
  return inputs.map(({ user, content, ...input }) => ({
    ...input,
    // Canonical JSON has no half characters.
    tenant: input.tenant.toWellFormed(),
    facts: wellFormed(input.facts),
    ...(user !== undefined && { subject: keyring.subject(input.tenant, user) }),
    ...(content && { content: Buffer.from(JSON.stringify(content)) }),
  }));
}

function wellFormed(facts: AuditRecord["facts"]): AuditRecord["facts"] {
  const text = (value: AuditRecord["facts"][string]) =>
    typeof value === "string"
      ? value.toWellFormed()
      : Array.isArray(value)
      ? value.map((each: string) => each.toWellFormed())
      : value;
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, text(value)]));
}
