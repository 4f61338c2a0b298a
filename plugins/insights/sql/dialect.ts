/** A sign of a dialect in a statement's text. */
interface Sign {
  readonly dialect: string;
  readonly pattern: RegExp;
  /** 1: others have it too; 2: likely; 4: nobody else has it. */
  readonly weight: 1 | 2 | 4;
}

/** In the order that wins where two weigh the same. Patterns are linear in the text's length. */
const SIGNS: readonly Sign[] = [
  ...signs("postgresql", {
    4: [
      /::\s*(?:regclass|jsonb?|timestamptz|uuid|bytea|interval|text\[\])/i,
      /\$[a-z_]*\$/i,
      /\bON CONFLICT\b/i,
      /\bDISTINCT ON\b/i,
      /\bFROM STDIN\b|\bTO STDOUT\b/i,
      /\bjsonb_\w+\s*\(|\bto_tsvector\s*\(|\bgenerate_series\s*\(|\bstring_agg\s*\(/i,
      /!?~\*|@>|<@|#>>?/,
      /\bpg_\w+|\binformation_schema\.\w+/i,
      /\b(?:BIG|SMALL)?SERIAL\b/i,
      /\bUSING\s+(?:gin|gist|btree|brin)\b/i,
    ],
    2: [/\$\d/, /::/, /\bRETURNING\b/i, /->>/, /\bARRAY\s*\[/i, /\bLATERAL\b/i, /\bINTERVAL\s+'/i],
    1: [/\bILIKE\b/i, /\bUSING\b/i],
  }),
  ...signs("mysql", {
    4: [
      /\bON DUPLICATE KEY\b/i,
      /\bAUTO_INCREMENT\b/i,
      /\bENGINE\s*=\s*(?:InnoDB|MyISAM)/i,
      /\bGROUP_CONCAT\s*\(|\bSTRAIGHT_JOIN\b|\bDATE_FORMAT\s*\(|\bUNIX_TIMESTAMP\s*\(/i,
      /\bLIMIT\s+\d+\s*,\s*\d+/i,
      /\bINSERT\s+IGNORE\b|\bLOAD\s+DATA\s+(?:LOCAL\s+)?INFILE\b/i,
      /\bUPDATE\s+\S+(?:\s+(?:AS\s+)?\w+)?\s+(?:INNER\s+|LEFT\s+)?JOIN\b/i,
      /\bJSON_TABLE\s*\(|\bMODIFY\s+COLUMN\b/i,
    ],
    2: [
      /`[^`.\n]*`/,
      /\bREPLACE\s+INTO\b/i,
      /\bSHOW\s+(?:CREATE|TABLES|DATABASES|COLUMNS)\b/i,
      /(?:^|\s)#\s/,
    ],
    1: [/\bIFNULL\s*\(/i],
  }),
  ...signs("bigquery", {
    4: [
      /`[\w-]+\.[\w-]+(?:\.[\w*-]+)?`/,
      /\b(?:STRUCT|ARRAY)\s*</i,
      /\bSAFE_CAST\s*\(|\bSAFE\.\w+|\bSAFE_DIVIDE\s*\(|\bGENERATE_(?:DATE_)?ARRAY\s*\(|\bFORMAT_DATE\s*\(/i,
      /\b(?:INT64|FLOAT64|BIGNUMERIC)\b/i,
      /\b_TABLE_SUFFIX\b|\b_PARTITIONTIME\b/i,
      /\b(?:DATE|TIMESTAMP|DATETIME)_(?:TRUNC|SUB|ADD|DIFF)\s*\((?!\s*')/i,
      /\bEXPORT\s+DATA\b|\bLOAD\s+DATA\s+(?:INTO|OVERWRITE)\b|\bNOT MATCHED BY (?:SOURCE|TARGET)\b/i,
      /\bINSERT\s+ROW\b/i,
    ],
    2: [/\*\s*EXCEPT\s*\(/i, /\bUNNEST\s*\(\s*\w+\.\w+/i, /\*\s*REPLACE\s*\(/i],
    1: [/@\w+/, /\bQUALIFY\b/i],
  }),
  ...signs("snowflake", {
    4: [
      /\bFLATTEN\s*\(/i,
      /\bFROM\s+@[\w~%]|\bCOPY\s+INTO\b/i,
      /\b(?:IFF|TRY_TO_\w+|PARSE_JSON|ARRAY_CONSTRUCT|OBJECT_CONSTRUCT|TO_VARIANT|ZEROIFNULL)\s*\(/i,
      /\b\w+:\w+(?:\.\w+)*::\w+/,
      /\bVARIANT\b|\bWAREHOUSE\b|\bTRANSIENT\b|\bFILE_FORMAT\b/i,
      /\bCLONE\b|\bUNDROP\b|\bINSERT\s+OVERWRITE\s+INTO\b/i,
      /\bTABLE\s*\(\s*(?:GENERATOR|RESULT_SCAN)/i,
      /\bAT\s*\(\s*(?:TIMESTAMP|OFFSET|STATEMENT)\s*=>/i,
      /\bLISTAGG\s*\(|\bMATCH_RECOGNIZE\s*\(/i,
    ],
    2: [/\bQUALIFY\b/i, /\b[a-z_]\w*:[a-z_]\w*/i, /\bDATEADD\s*\(|\bDATEDIFF\s*\(/i, /\bMERGE\s+INTO\b/i],
    1: [/\bILIKE\b/i, /\bCREATE\s+OR\s+REPLACE\b/i],
  }),
  ...signs("tsql", {
    4: [
      /\bSELECT\s+(?:DISTINCT\s+)?TOP\s*\(?\s*\d+/i,
      /\[\w[\w ]*\]\s*\.\s*\[?\w/,
      /\bWITH\s*\(\s*NOLOCK\s*\)|\bGETDATE\s*\(|\bNVARCHAR\b|\bSCOPE_IDENTITY\s*\(|\bOUTPUT\s+(?:INSERTED|DELETED)\./i,
      /\b(?:CROSS|OUTER)\s+APPLY\b/i,
      /\b(?:INTO|FROM|JOIN)\s+#\w+/i,
      /^\s*GO\s*$/im,
    ],
    2: [/\bDECLARE\s+@\w+/i, /@@\w+/, /(?:^|[\s,(.])\[[a-z_][\w ]*\]/i, /\bEXEC(?:UTE)?\s+\w/i],
    1: [/@\w+/, /\bISNULL\s*\(/i],
  }),
  ...signs("sqlite", {
    4: [
      /\bINSERT\s+OR\s+(?:REPLACE|IGNORE|ABORT|FAIL|ROLLBACK)\b|\bUPDATE\s+OR\s+(?:REPLACE|IGNORE)\b/i,
      /\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b/i,
      /\bsqlite_(?:master|schema|sequence)\b/i,
      /\b(?:julianday|strftime)\s*\(|\b(?:datetime|date)\s*\(\s*'now'/i,
      /^\s*PRAGMA\b/i,
      /\bEXPLAIN\s+QUERY\s+PLAN\b/i,
    ],
    2: [/\bGLOB\s+'/i, /\browid\b/i],
    1: [/\bifnull\s*\(/i],
  }),
  ...signs("oracle", {
    4: [
      /\bFROM\s+DUAL\b|\bROWNUM\b|\bCONNECT\s+BY\b|\bVARCHAR2\b|\bSYSDATE\b|\(\+\)/i,
      /\bINSERT\s+ALL\b/i,
    ],
    2: [/\bNVL2?\s*\(/i, /\bMINUS\b/i],
    1: [],
  }),
  ...signs("clickhouse", {
    4: [
      /\bENGINE\s*=\s*\w*MergeTree/i,
      /\bPREWHERE\b|\bARRAY\s+JOIN\b|\barrayJoin\s*\(|\bFORMAT\s+JSON\w*|\btoStartOf\w+\s*\(/i,
    ],
    2: [/\b(?:toDate|toDateTime|countIf|sumIf|uniq)\s*\(/],
    1: [],
  }),
  ...signs("duckdb", {
    4: [/\bread_(?:parquet|csv|csv_auto|json|json_auto)\s*\(/i, /\bFROM\s+'[^']+\.(?:parquet|csv|json)'/i],
    2: [/\*\s*EXCLUDE\s*\(/i, /^\s*(?:SUMMARIZE|FROM)\b/i],
    1: [],
  }),
  ...signs("databricks", {
    4: [/\bUSING\s+DELTA\b|\bdelta\.`|\bUPDATE\s+SET\s+\*|\bOPTIMIZE\s+\S+\s+ZORDER\b/i],
    2: [],
    1: [],
  }),
  ...signs("hive", {
    4: [/\bLATERAL\s+VIEW\b|\bSTORED\s+AS\b|\bINSERT\s+OVERWRITE\s+TABLE\b|\bROW\s+FORMAT\b/i],
    2: [],
    1: [],
  }),
  ...signs("redshift", { 4: [/\b(?:DISTKEY|SORTKEY|DISTSTYLE)\b|\bIAM_ROLE\b/i], 2: [], 1: [] }),
];

function signs(dialect: string, patterns: Readonly<Record<1 | 2 | 4, readonly RegExp[]>>): Sign[] {
  return ([4, 2, 1] as const).flatMap((weight) =>
    patterns[weight].map((pattern) => ({ dialect, pattern, weight }))
  );
}

/** How much of a text is looked at: signs stand early, and patterns cost time. */
const LOOKED_AT = 4_096;

/** The dialects the parser knows, by its names. `generic` takes what most of them have. */
export const DIALECTS = [
  ...[
    "generic",
    "postgresql",
    "mysql",
    "bigquery",
    "snowflake",
    "duckdb",
    "sqlite",
    "hive",
    "spark",
    "trino",
  ],
  ...["presto", "redshift", "tsql", "oracle", "clickhouse", "databricks", "athena", "teradata", "doris"],
  ...["starrocks", "materialize", "risingwave", "singlestore", "cockroachdb", "tidb", "druid", "solr"],
  ...["tableau", "dune", "fabric", "drill", "dremio", "exasol", "datafusion"],
] as const;

/** Other names of dialects, as fences and people write them. */
const ALIASES: Readonly<Record<string, string>> = {
  postgres: "postgresql",
  psql: "postgresql",
  pgsql: "postgresql",
  plpgsql: "postgresql",
  mariadb: "mysql",
  sqlite3: "sqlite",
  bq: "bigquery",
  googlesql: "bigquery",
  mssql: "tsql",
  sqlserver: "tsql",
  "t-sql": "tsql",
  plsql: "oracle",
  sparksql: "spark",
  hiveql: "hive",
};

/** The parser's name of a dialect: `postgres` → `postgresql`. Lower case; unknown names stay as they are. */
export function dialectNamed(name: string): string {
  const lower = name.toLowerCase();
  return ALIASES[lower] ?? lower;
}

/** The dialect whose signs weigh most in a text; `generic` where there are none. */
export function guessDialect(text: string): string {
  const looked = text.length > LOOKED_AT ? text.slice(0, LOOKED_AT) : text;
  const weights = new Map<string, number>();
  for (const { dialect, pattern, weight } of SIGNS) {
    if (pattern.test(looked)) weights.set(dialect, (weights.get(dialect) ?? 0) + weight);
  }
  let best = "generic";
  let most = 0;
  for (const [dialect, weight] of weights) {
    if (weight > most) [best, most] = [dialect, weight];
  }
  return best;
}
