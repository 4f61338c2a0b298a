import type { Case } from "./case.ts";

/** Statements by further dialects. */
export const others: Readonly<Record<string, readonly Case[]>> = {
  tsql: [
    {
      sql: "SELECT TOP 10 [a b] FROM [dbo].[t] WITH (NOLOCK)",
      kind: "select",
      reads: { "dbo.t": ["a b"] },
    },
    {
      sql: "UPDATE q SET q.a = s.b FROM t AS q INNER JOIN s ON s.id = q.id",
      kind: "update",
      reads: { s: ["b", "id"], t: ["id"] },
      writes: { t: ["a"] },
    },
    {
      sql: "SELECT t.a, f.b INTO #tmp FROM t CROSS APPLY fn(t.x) AS f",
      kind: "create_table_as",
      reads: { t: ["a", "x"] },
      writes: { "#tmp": ["a", "b"] },
    },
  ],
  hive: [
    {
      sql: "SELECT a, e FROM t LATERAL VIEW explode(arr) x AS e",
      kind: "select",
      reads: { t: ["a", "arr"] },
    },
  ],
  databricks: [
    {
      sql:
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
      kind: "merge",
      reads: { s: ["*", "id"], t: ["id"] },
      writes: { t: ["*"] },
    },
  ],
};
