import { randomBytes } from "node:crypto";
import type { Reader, Transaction } from "capstan";

/** A subject as the trail knows it. */
export interface KeySubject {
  readonly tenant: string;
  /** Fingerprint of the user. */
  readonly subject: string;
}

/**
 * Destroys a subject's keys: their rows stay, without the key. Where the subject has none, a row says all the same when
 * it was erased, for what came in before and is not entered yet. Gives the ids of those destroyed.
 */
export function destroyKeys(tx: Transaction, { tenant, subject }: KeySubject, now: number): string[] {
  const keys = tx.all<{ id: string }>(
    "SELECT id FROM audit_keys WHERE tenant = ? AND subject = ? AND wrapped IS NOT NULL ORDER BY made_ms, id",
    tenant,
    subject,
  ).map(({ id }) => id);
  tx.run(
    "UPDATE audit_keys SET wrapped = NULL, destroyed_ms = ? WHERE tenant = ? AND subject = ? AND wrapped IS NOT NULL",
    now,
    tenant,
    subject,
  );
  if (keys.length === 0) {
    const { changes } = tx.run(
      `UPDATE audit_keys SET destroyed_ms = max(destroyed_ms, ?) WHERE id =
        (SELECT id FROM audit_keys WHERE tenant = ? AND subject = ? ORDER BY destroyed_ms DESC LIMIT 1)`,
      now,
      tenant,
      subject,
    );
    if (changes === 0) {
      tx.run(
        "INSERT INTO audit_keys (id, tenant, subject, master, made_ms, destroyed_ms) VALUES (?, ?, ?, '', ?, ?)",
        ...[`k-${randomBytes(8).toString("hex")}`, tenant, subject, now, now],
      );
    }
  }
  return keys;
}

/** Whether a subject was erased at or after a moment. */
export function wasErasedSince(
  db: Reader,
  { tenant, subject, sinceMs }: KeySubject & { readonly sinceMs: number },
): boolean {
  const row = db.get(
    "SELECT 1 FROM audit_keys WHERE tenant = ? AND subject = ? AND destroyed_ms >= ? LIMIT 1",
    tenant,
    subject,
    sinceMs,
  );
  return row !== undefined;
}
