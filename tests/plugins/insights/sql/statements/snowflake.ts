import type { Case } from "./case.ts";

/** Statements in the dialect of Snowflake. */
export const snowflake: readonly Case[] = [
  {
    sql: "SELECT t.v:a.b::string AS ab, f.value FROM db.sch.t AS t, LATERAL FLATTEN(input => t.v:items) f",
    kind: "select",
    reads: { "db.sch.t": ["v"] },
  },
  {
    sql: "SELECT id, value:name::string FROM t, TABLE(FLATTEN(input => t.arr))",
    kind: "select",
    reads: { t: ["arr", "id"] },
  },
  {
    sql: "SELECT a, b FROM t QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY c) = 1",
    kind: "select",
    reads: { t: ["a", "b", "c"] },
  },
  {
    sql: "SELECT price * qty AS total, total * 0.2 AS tax FROM sales WHERE region ILIKE ANY ('a%', 'b%')",
    kind: "select",
    reads: { sales: ["price", "qty", "region"] },
  },
  {
    sql:
      "MERGE INTO t USING (SELECT id, v FROM s) src ON t.id = src.id WHEN MATCHED AND src.v IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET t.v = src.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (src.id, src.v)",
    kind: "merge",
    reads: { s: ["id", "v"], t: ["id"] },
    writes: { t: ["id", "v"] },
  },
  {
    sql: "COPY INTO raw.events FROM @stage/path FILE_FORMAT = (TYPE = CSV)",
    kind: "copy",
    writes: { "raw.events": ["*"] },
  },
  { sql: "COPY INTO @out FROM (SELECT id FROM t)", kind: "copy", reads: { t: ["id"] } },
  {
    sql: "CREATE OR REPLACE TEMPORARY TABLE tmp AS SELECT id, IFF(a > 0, b, c) AS d FROM src",
    kind: "create_table_as",
    reads: { src: ["a", "b", "c", "id"] },
    writes: { tmp: ["d", "id"] },
  },
  { sql: "CREATE TABLE copy1 CLONE t", kind: "create_table", reads: { t: ["*"] }, writes: { copy1: ["*"] } },
  {
    sql: "INSERT OVERWRITE INTO t SELECT * FROM s",
    kind: "insert_select",
    reads: { s: ["*"] },
    writes: { t: ["*"] },
  },
  {
    sql: "INSERT ALL INTO t1 (a) VALUES (x) INTO t2 (b) VALUES (y) SELECT x, y FROM s",
    kind: "insert_select",
    reads: { s: ["x", "y"] },
    writes: { t1: ["a"], t2: ["b"] },
  },
  {
    sql: "SELECT * FROM monthly PIVOT(SUM(amount) FOR month IN ('jan', 'feb')) AS p ORDER BY id",
    kind: "select",
    reads: { monthly: ["amount", "month"] },
  },
  {
    sql:
      "SELECT d.id FROM db.sch.deals AT (TIMESTAMP => '2024-01-01'::timestamp) d WHERE DATEADD(day, 1, d.at) > CURRENT_TIMESTAMP()",
    kind: "select",
    reads: { "db.sch.deals": ["at", "id"] },
  },
  {
    sql: "WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r",
    kind: "select",
  },
  {
    sql:
      "CREATE VIEW v AS SELECT a.id, LISTAGG(b.x, ',') WITHIN GROUP (ORDER BY b.y) AS xs FROM a JOIN b ON a.id = b.id GROUP BY a.id",
    kind: "create_view",
    reads: { a: ["id"], b: ["id", "x", "y"] },
    writes: { v: ["id", "xs"] },
  },
  { sql: "USE WAREHOUSE wh", kind: "set" },
];
