import type { Case } from "./case.ts";

/** Statements in the dialect of BigQuery. */
export const bigquery: readonly Case[] = [
  {
    sql: "SELECT o.id, i.sku FROM `proj.shop.orders` AS o, UNNEST(o.items) AS i WHERE i.qty > @least",
    kind: "select",
    reads: { "proj.shop.orders": ["id", "items"] },
  },
  {
    sql: "SELECT * EXCEPT (secret) FROM `my-proj.ds.t_*` WHERE _TABLE_SUFFIX = '20200101'",
    kind: "select",
    reads: { "my-proj.ds.t_*": ["*", "_TABLE_SUFFIX"] },
  },
  {
    sql:
      "SELECT id, ROW_NUMBER() OVER (PARTITION BY user ORDER BY at DESC) AS rn FROM ds.visits QUALIFY rn = 1",
    kind: "select",
    reads: { "ds.visits": ["at", "id", "user"] },
  },
  {
    sql: "SELECT ARRAY_AGG(STRUCT(a, b AS c) ORDER BY d LIMIT 3) FROM ds.t GROUP BY e",
    kind: "select",
    reads: { "ds.t": ["a", "b", "d", "e"] },
  },
  {
    sql: "SELECT DATE_TRUNC(day, MONTH) AS m, DATE_DIFF(a, b, DAY) FROM ds.t GROUP BY m",
    kind: "select",
    reads: { "ds.t": ["a", "b", "day"] },
  },
  {
    sql: "SELECT t.address.city, payload.kind FROM ds.people AS t",
    kind: "select",
    reads: { "ds.people": ["address", "payload"] },
  },
  {
    sql:
      "CREATE OR REPLACE TABLE ds.daily PARTITION BY day AS SELECT DATE(at) AS day, COUNT(*) AS n FROM ds.events GROUP BY day",
    kind: "create_table_as",
    reads: { "ds.events": ["at"] },
    writes: { "ds.daily": ["day", "n"] },
  },
  {
    sql:
      "MERGE ds.t USING ds.s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT ROW WHEN NOT MATCHED BY SOURCE THEN DELETE",
    kind: "merge",
    reads: { "ds.s": ["*", "id", "v"], "ds.t": ["id"] },
    writes: { "ds.t": ["*", "v"] },
  },
  {
    sql: "INSERT INTO `ds.t` (a, b) SELECT x, SAFE_CAST(y AS INT64) FROM ds.u",
    kind: "insert_select",
    reads: { "ds.u": ["x", "y"] },
    writes: { "ds.t": ["a", "b"] },
  },
  { sql: "INSERT ds.t (a) VALUES (1)", kind: "insert", writes: { "ds.t": ["a"] } },
  {
    sql: "EXPORT DATA OPTIONS (uri = 'gs://b/*.csv', format = 'CSV') AS SELECT id FROM ds.t",
    kind: "copy",
    reads: { "ds.t": ["id"] },
  },
  {
    sql: "SELECT x FROM UNNEST(ARRAY<STRUCT<x INT64>>[(1), (2)])",
    kind: "select",
  },
  {
    sql: "DELETE FROM ds.t WHERE id IN (SELECT id FROM ds.gone)",
    kind: "delete",
    reads: { "ds.gone": ["id"], "ds.t": ["id"] },
    writes: { "ds.t": [] },
  },
  { sql: "DECLARE x INT64 DEFAULT 5", kind: "set" },
];
