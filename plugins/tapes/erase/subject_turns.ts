import type { ErasureSubject, Reader } from "capstan";
import { readJson } from "capstan/json";

/** The tenant of what names none. */
const NO_TENANT = "default";

/** Rows of the ledger looked at in one read. */
const STEP = 20_000;

/** What of a turn is needed to erase it. */
export interface SubjectTurn {
  id: number;
  head_hash: string | null;
  /** JSON list. */
  other_answers: string | null;
}

/** Condition on `turns`: it is the subject's. Its parameters are `subjectParams`. Who is not named is known by the key. */
export const IS_SUBJECT = "coalesce(user, 'key:' || api_key_fingerprint) = ? AND coalesce(tenant, ?) = ?";

/** See `IS_SUBJECT`. */
export function subjectParams({ tenant, user }: ErasureSubject): [string, string, string] {
  return [user, NO_TENANT, tenant];
}

/** Whether something of this user and tenant is the subject's. */
export function isSubject(
  { tenant, user }: ErasureSubject,
  of: { tenant?: string | null; user?: string | null; api_key_fingerprint?: string | null },
): boolean {
  return (of.user ?? `key:${of.api_key_fingerprint}`) === user && (of.tenant ?? NO_TENANT) === tenant;
}

/** The subject's turns, in reads of a few milliseconds each, some hundred at a time. */
export function* subjectTurns(
  read: <T>(work: (db: Reader) => T) => T,
  subject: ErasureSubject,
): Generator<readonly SubjectTurn[]> {
  for (let after = 0;;) {
    const from = after;
    const { turns, last } = read((db) => ({
      turns: db.all<SubjectTurn>(
        `SELECT id, head_hash, other_answers FROM turns WHERE id > ? AND id <= ? AND ${IS_SUBJECT} ORDER BY id`,
        from,
        from + STEP,
        ...subjectParams(subject),
      ),
      last: db.get<{ id: number | null }>("SELECT max(id) AS id FROM turns")?.id ?? 0,
    }));
    if (turns.length > 0) yield turns;
    after += STEP;
    if (after >= last) return;
  }
}

/** Nodes in which a turn ends: one for each answer. */
export function headsOf(
  { head_hash, other_answers }: Pick<SubjectTurn, "head_hash" | "other_answers">,
): string[] {
  const others: readonly string[] = other_answers === null ? [] : readJson(other_answers);
  return head_hash === null ? [...others] : [head_hash, ...others];
}
