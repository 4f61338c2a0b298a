import type { Reader, SqlValue } from "capstan";
import type { Keyring } from "../seal/keyring.ts";

/** Which records are wanted; what is absent is any. */
export interface Wanted {
  readonly user?: string;
  readonly tenant?: string;
  /** Entered from then on, milliseconds since 1970. */
  readonly fromMs?: number;
  /** Entered before then. */
  readonly toMs?: number;
}

/** The same as SQL. */
export interface Selection {
  /** Conditions on `audit_records`. */
  readonly where: string;
  readonly params: readonly SqlValue[];
  /** Fingerprints of the user, one for each tenant. */
  readonly subjects: readonly string[];
}

/**
 * Users are found by their fingerprints; one without a tenant is looked for in each that has keys. `names` gives a name as
 * it was given and as redaction has it: records have either, as redaction was off or on.
 */
export function selectionOf(
  db: Reader,
  { user, tenant, fromMs, toMs }: Wanted,
  { keyring, names }: { keyring: Keyring; names(name: string): readonly string[] },
): Selection {
  const tenants = tenant !== undefined
    ? names(tenant)
    : db.all<{ tenant: string }>("SELECT DISTINCT tenant FROM audit_keys").map((row) => row.tenant);
  const subjects = user === undefined
    ? []
    : tenants.flatMap((each) => names(user).map((name) => keyring.subject(each, name)));
  const conditions: readonly (readonly [string, SqlValue | undefined])[] = [
    [
      "tenant IN (SELECT value FROM json_each(?))",
      tenant === undefined ? undefined : JSON.stringify(tenants),
    ],
    [
      "subject IN (SELECT value FROM json_each(?))",
      user === undefined ? undefined : JSON.stringify(subjects),
    ],
    ["time_ms >= ?", fromMs],
    ["time_ms < ?", toMs],
  ];
  const used = conditions.flatMap(([sql, value]) => value === undefined ? [] : [[sql, value] as const]);
  return {
    where: used.length === 0 ? "1" : used.map(([sql]) => sql).join(" AND "),
    params: used.map(([, value]) => value),
    subjects,
  };
}
