import type { Reader, SqlValue } from "capstan";

/** A legal hold: nothing it covers is removed or erased until it is lifted. */
export interface Hold {
  /** `h-` and 16 hexadecimal digits. */
  readonly id: string;
  /** `null`: all tenants. */
  readonly tenant: string | null;
  /** Fingerprint of the user; `null`: everybody. */
  readonly subject: string | null;
  /** Records entered from then on, milliseconds since 1970; `null`: all. */
  readonly from_ms: number | null;
  /** Records entered before then; `null`: all. */
  readonly to_ms: number | null;
  readonly reason: string;
  readonly made_ms: number;
  readonly lifted_ms: number | null;
}

/** Holds, oldest first; those that were lifted with `lifted`. */
export function holds(db: Reader, { lifted }: { lifted: boolean }): Hold[] {
  return db.all<Hold>(
    `SELECT * FROM audit_holds WHERE ${lifted ? "1" : "lifted_ms IS NULL"} ORDER BY made_ms, id`,
  );
}

/**
 * Holds that stand in the way of erasing a subject: those of everybody or of this subject, where the subject has a record
 * in their time. One without an end covers what is to come, too.
 */
export function holdsOn(
  db: Reader,
  { tenant, subject }: { readonly tenant: string; readonly subject: string },
): Hold[] {
  return holds(db, { lifted: false }).filter((hold) => {
    if (hold.tenant !== null && hold.tenant !== tenant) return false;
    if (hold.subject !== null && hold.subject !== subject) return false;
    if (hold.from_ms === null && hold.to_ms === null) return true;
    const { where, params } = covered(hold);
    return db.get(
      `SELECT 1 FROM audit_records WHERE subject = ? AND tenant = ? AND ${where} LIMIT 1`,
      subject,
      tenant,
      ...params,
    ) !== undefined;
  });
}

/** Number of the first record of `from` to `to` - 1 that a hold covers. */
export function firstHeld(db: Reader, from: number, to: number): number | undefined {
  const found = holds(db, { lifted: false }).flatMap((hold) => {
    const { where, params } = covered(hold);
    const sql = `SELECT min(seq) AS seq FROM audit_records WHERE seq >= ? AND seq < ? AND ${where}`;
    return db.get<{ seq: number | null }>(sql, from, to, ...params)?.seq ?? [];
  });
  return found.length > 0 ? Math.min(...found) : undefined;
}

function covered({ tenant, subject, from_ms, to_ms }: Hold): { where: string; params: SqlValue[] } {
  const conditions: readonly (readonly [string, SqlValue])[] = [
    ["tenant = ?", tenant],
    ["subject = ?", subject],
    ["time_ms >= ?", from_ms],
    ["time_ms < ?", to_ms],
  ];
  const used = conditions.filter(([, value]) => value !== null);
  return { where: ["1", ...used.map(([sql]) => sql)].join(" AND "), params: used.map(([, value]) => value) };
}
