import { bigquery } from "./statements/bigquery.ts";
import type { Case } from "./statements/case.ts";
import { mysql } from "./statements/mysql.ts";
import { others } from "./statements/others.ts";
import { postgresqlChanges } from "./statements/postgresql_changes.ts";
import { postgresqlQueries } from "./statements/postgresql_queries.ts";
import { snowflake } from "./statements/snowflake.ts";
import { sqlite } from "./statements/sqlite.ts";

/** Statements by dialect, each with what it does, written by hand. */
export const STATEMENTS: Readonly<Record<string, readonly Case[]>> = {
  postgresql: [...postgresqlQueries, ...postgresqlChanges],
  mysql,
  sqlite,
  bigquery,
  snowflake,
  ...others,
};
