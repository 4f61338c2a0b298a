import type { SqlKind } from "../../../../../plugins/insights/sql/statement.ts";

/** Columns by table, as they are expected. */
export type Tables = Readonly<Record<string, readonly string[]>>;

/** A statement and what it does, written by hand. */
export interface Case {
  readonly sql: string;
  readonly kind: SqlKind;
  readonly reads?: Tables;
  readonly writes?: Tables;
  readonly unattributed?: readonly string[];
  /** It can't be parsed; a piece of the reason, and where. */
  readonly fails?: { readonly reason: RegExp; readonly offset?: number };
}
