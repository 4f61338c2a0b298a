import type { ErasureOutcome, Reader } from "capstan";
import { readJson } from "capstan/json";
import type { AuditRecord } from "../record/record.ts";
import type { KeySubject } from "./destroy_keys.ts";
import type { RecordInput } from "../trail/record_input.ts";

/** Who is erased, and who asked for it. */
export interface ErasureWho {
  readonly tenant: string;
  readonly user: string;
  /** `cli:ada`. */
  readonly actor: string;
}

/** The record that a subject's keys were destroyed. */
export function keysDestroyed({ tenant, user, actor }: ErasureWho, keys: readonly string[]): RecordInput {
  return { kind: "erasure", tenant, user, facts: { action: "keys_destroyed", keys, actor } };
}

/**
 * The record of what was removed from what plugins keep. `goesOn`: an erasure that was cut off had begun, and what it
 * removed is not in the counts.
 */
export function dataRemoved(
  { tenant, user, actor }: ErasureWho,
  { plugins, beyond }: ErasureOutcome,
  { keys, goesOn }: { keys: readonly string[]; goesOn: boolean },
): RecordInput {
  const counts = plugins.flatMap(({ plugin, removed }) =>
    Object.entries(removed).filter(([, count]) => count > 0).map((
      [what, count],
    ) => [`${plugin}.${what}`, count])
  );
  return {
    kind: "erasure",
    tenant,
    user,
    facts: {
      ...Object.fromEntries(counts),
      action: "data_removed",
      actor,
      beyond: [...plugins.flatMap((each) => each.beyond), ...beyond],
      ...(keys.length > 0 && { keys }),
      ...(goesOn && { resumed: true }),
    },
  };
}

/** Whether the keys of one of these were destroyed, and no record says yet what was removed. */
export function isUnfinished(db: Pick<Reader, "get">, subjects: readonly KeySubject[]): boolean {
  const newest = subjects.flatMap(({ tenant, subject }) =>
    db.get<{ seq: number; record: Uint8Array }>(
      "SELECT seq, record FROM audit_records WHERE subject = ? AND tenant = ? AND kind = 'erasure' " +
        "ORDER BY seq DESC LIMIT 1",
      subject,
      tenant,
    ) ?? []
  ).sort((one, other) => other.seq - one.seq)[0];
  if (!newest) return false;
  const { facts }: AuditRecord = readJson(new TextDecoder().decode(newest.record));
  return facts.action === "keys_destroyed";
}
