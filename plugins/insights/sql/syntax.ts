/** How a dialect writes what a lexer must know. */
export interface SqlSyntax {
  /** A backslash in '…' keeps the next character from ending it. */
  readonly backslash: boolean;
  /** "…" is a text, not a name. */
  readonly doubleIsText: boolean;
  /** `#` starts a comment. */
  readonly hashComment: boolean;
  /** `//` starts a comment. */
  readonly slashComment: boolean;
  /** […] is a name. */
  readonly brackets: boolean;
  /** $tag$…$tag$ is a text. */
  readonly dollarQuotes: boolean;
  /** Comments may hold comments. */
  readonly nestedComments: boolean;
  /** '''…''' and """…""" are texts. */
  readonly tripleQuotes: boolean;
}

const STANDARD: SqlSyntax = {
  backslash: false,
  doubleIsText: false,
  hashComment: false,
  slashComment: false,
  brackets: false,
  dollarQuotes: true,
  nestedComments: false,
  tripleQuotes: false,
};

const MYSQL: SqlSyntax = {
  ...STANDARD,
  backslash: true,
  doubleIsText: true,
  hashComment: true,
  dollarQuotes: false,
};
const SPARK: SqlSyntax = { ...STANDARD, backslash: true, doubleIsText: true, dollarQuotes: false };

const SYNTAXES: Readonly<Record<string, SqlSyntax>> = {
  postgresql: { ...STANDARD, nestedComments: true },
  mysql: MYSQL,
  singlestore: MYSQL,
  tidb: MYSQL,
  doris: MYSQL,
  starrocks: MYSQL,
  bigquery: { ...MYSQL, tripleQuotes: true },
  snowflake: { ...STANDARD, backslash: true, slashComment: true },
  databricks: SPARK,
  spark: SPARK,
  hive: SPARK,
  clickhouse: { ...STANDARD, backslash: true },
  tsql: { ...STANDARD, brackets: true, dollarQuotes: false, nestedComments: true },
  fabric: { ...STANDARD, brackets: true, dollarQuotes: false, nestedComments: true },
  sqlite: { ...STANDARD, brackets: true, dollarQuotes: false },
};

/** The syntax of a dialect; of one that has no peculiarities, the standard's. */
export function syntaxOf(dialect: string): SqlSyntax {
  return SYNTAXES[dialect] ?? STANDARD;
}
