/**
 * What a caller of the admin listener may do: `read` looks at what there is, `feedback` sends feedback and events,
 * `audit` enters into the audit trail and reads it, `admin` does everything.
 */
export type Role = "read" | "feedback" | "audit" | "admin";

/** Who calls. */
export interface Caller {
  /** Name of its token; `local` for a caller of this machine that needs none, `""` for one nobody knows. */
  readonly name: string;
  /** What it may do. */
  readonly roles: readonly Role[];
  /** The only tenant it may speak for; absent where it may speak for any. */
  readonly tenant?: string;
}
