/** What a statement does. `other` is what none of the rest names; of unparsable text it is guessed by its words. */
export type SqlKind =
  | "select"
  | "insert" // VALUES, SET, DEFAULT VALUES
  | "insert_select"
  | "update"
  | "delete"
  | "merge"
  | "create_table"
  | "create_table_as" // SELECT … INTO too
  | "create_view" // materialized ones too
  | "create_index"
  | "create_other"
  | "alter"
  | "drop"
  | "truncate"
  | "copy" // LOAD DATA, EXPORT DATA, PUT and GET too
  | "explain"
  | "show" // DESCRIBE and PRAGMA too
  | "call"
  | "set"
  | "grant" // REVOKE too
  | "transaction"
  | "other";

/** A table, and what is known of its columns. */
export interface SqlTable {
  /** As written, parts joined by dots and without quotes; a part that has a dot or a quote in it keeps quotes. */
  name: string;
  /** Sorted; `*` stands for all of them. Empty where none is named, as in `count(*)`, DELETE or DROP. */
  columns: string[];
}

/** Why a statement could not be parsed, and where. */
export interface SqlFault {
  /** For a person. */
  reason: string;
  /** UTF-16 units from the start of the statement; absent where the parser names no place. */
  offset?: number;
  /** From 1. */
  line?: number;
  /** From 1, in UTF-16 units. */
  column?: number;
}

/** One statement, understood as far as can be. */
export interface SqlStatement {
  /** As found, without the semicolon and the space around it. */
  text: string;
  /** Where it starts in the text that was analysed, in UTF-16 units. */
  start: number;
  kind: SqlKind;
  /** The dialect it was parsed as, by the parser's names (`postgresql`, `mysql`, `bigquery` …). */
  dialect: string;
  /** False: there is a `fault`, and the lists are empty. */
  parsed: boolean;
  fault?: SqlFault;
  /** Tables it reads, by name. Common table expressions and aliases are resolved away. */
  reads: SqlTable[];
  /** Tables it writes, creates, alters or drops, by name. */
  writes: SqlTable[];
  /** Columns that it names, where the text alone does not tell which table has them. Sorted. */
  unattributed: string[];
  /** Literals and parameters as `?`, keywords in capitals, without comments, one space at most between words. */
  normalised: string;
  /** SHA-256 of `normalised`, hexadecimal. */
  hash: string;
}
