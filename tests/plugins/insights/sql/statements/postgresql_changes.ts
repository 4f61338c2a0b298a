import type { Case } from "./case.ts";

/** Statements other than queries in PostgreSQL's dialect, and those that are broken. */
export const postgresqlChanges: readonly Case[] = [
  {
    sql: "INSERT INTO users (id, name) VALUES (1, 'Ann') RETURNING id",
    kind: "insert",
    reads: { users: ["id"] },
    writes: { users: ["id", "name"] },
  },
  { sql: "INSERT INTO t DEFAULT VALUES", kind: "insert", writes: { t: ["*"] } },
  {
    sql: "INSERT INTO archive SELECT * FROM orders WHERE placed < '2020-01-01'",
    kind: "insert_select",
    reads: { orders: ["*", "placed"] },
    writes: { archive: ["*"] },
  },
  {
    sql: "WITH old AS (SELECT id, v FROM t WHERE at < now()) INSERT INTO dst (id, v) SELECT id, v FROM old",
    kind: "insert_select",
    reads: { t: ["at", "id", "v"] },
    writes: { dst: ["id", "v"] },
  },
  {
    sql: "INSERT INTO kv (k, v) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v, n = kv.n + 1",
    kind: "insert",
    reads: { kv: ["n"] },
    writes: { kv: ["k", "n", "v"] },
  },
  {
    sql:
      "WITH gone AS (DELETE FROM queue WHERE done RETURNING id, body) INSERT INTO log (id, body) SELECT id, body FROM gone",
    kind: "insert_select",
    reads: { queue: ["body", "done", "id"] },
    writes: { log: ["body", "id"], queue: [] },
  },
  {
    sql: "UPDATE users SET name = 'x', visits = visits + 1 WHERE id = 3",
    kind: "update",
    reads: { users: ["id", "visits"] },
    writes: { users: ["name", "visits"] },
  },
  {
    sql:
      "UPDATE accounts AS a SET balance = a.balance - t.amount FROM transfers t JOIN days d ON d.id = t.day WHERE t.account = a.id",
    kind: "update",
    reads: { accounts: ["balance", "id"], days: ["id"], transfers: ["account", "amount", "day"] },
    writes: { accounts: ["balance"] },
  },
  {
    sql: "UPDATE t SET v = (SELECT max(w) FROM u WHERE u.id = t.id)",
    kind: "update",
    reads: { t: ["id"], u: ["id", "w"] },
    writes: { t: ["v"] },
  },
  {
    sql: "UPDATE t SET (a, b) = (SELECT x, y FROM s WHERE s.id = t.id)",
    kind: "update",
    reads: { s: ["id", "x", "y"], t: ["id"] },
    writes: { t: ["a", "b"] },
  },
  { sql: "DELETE FROM sessions", kind: "delete", writes: { sessions: [] } },
  {
    sql: "DELETE FROM sessions s USING users u WHERE s.user_id = u.id AND u.banned RETURNING s.id",
    kind: "delete",
    reads: { sessions: ["id", "user_id"], users: ["banned", "id"] },
    writes: { sessions: [] },
  },
  {
    sql:
      "MERGE INTO stock s USING deliveries d ON s.sku = d.sku WHEN MATCHED THEN UPDATE SET qty = s.qty + d.qty WHEN NOT MATCHED THEN INSERT (sku, qty) VALUES (d.sku, d.qty)",
    kind: "merge",
    reads: { deliveries: ["qty", "sku"], stock: ["qty", "sku"] },
    writes: { stock: ["qty", "sku"] },
  },
  {
    sql: "MERGE INTO t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (id, v)",
    kind: "merge",
    reads: { s: ["id", "v"], t: ["id"] },
    writes: { t: ["id", "v"] },
  },
  {
    sql: "CREATE TEMP TABLE top AS SELECT id, total AS amount FROM orders",
    kind: "create_table_as",
    reads: { orders: ["id", "total"] },
    writes: { top: ["amount", "id"] },
  },
  {
    sql: "SELECT id INTO TEMP recent FROM orders",
    kind: "create_table_as",
    reads: { orders: ["id"] },
    writes: { recent: ["id"] },
  },
  {
    sql:
      "CREATE TABLE IF NOT EXISTS app.users (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, team int REFERENCES teams(id))",
    kind: "create_table",
    writes: { "app.users": ["email", "id", "team"] },
  },
  {
    sql: "CREATE OR REPLACE VIEW v (a, b) AS SELECT x, y FROM t",
    kind: "create_view",
    reads: { t: ["x", "y"] },
    writes: { v: ["a", "b"] },
  },
  {
    sql:
      "CREATE MATERIALIZED VIEW mv AS WITH c AS (SELECT a FROM t) SELECT a, count(*) AS n FROM c GROUP BY a",
    kind: "create_view",
    reads: { t: ["a"] },
    writes: { mv: ["a", "n"] },
  },
  { sql: "CREATE INDEX i ON users (email, team)", kind: "create_index", reads: { users: ["email", "team"] } },
  {
    sql: "CREATE FUNCTION f() RETURNS int AS $$ SELECT a FROM t; SELECT 2; $$ LANGUAGE sql",
    kind: "create_other",
  },
  { sql: "ALTER TABLE users ADD COLUMN age int", kind: "alter", writes: { users: ["age"] } },
  { sql: "ALTER TABLE users RENAME COLUMN age TO years", kind: "alter", writes: { users: ["age", "years"] } },
  { sql: "DROP TABLE IF EXISTS a, s.b CASCADE", kind: "drop", writes: { a: [], "s.b": [] } },
  { sql: "TRUNCATE TABLE a, b", kind: "truncate", writes: { a: [], b: [] } },
  {
    sql: "COPY users (id, name) FROM STDIN WITH (FORMAT csv)",
    kind: "copy",
    writes: { users: ["id", "name"] },
  },
  { sql: "COPY (SELECT id FROM users) TO '/tmp/users.csv'", kind: "copy", reads: { users: ["id"] } },
  { sql: "EXPLAIN SELECT id FROM users", kind: "explain", reads: { users: ["id"] } },
  {
    sql: "EXPLAIN (ANALYZE, BUFFERS) DELETE FROM t WHERE a = 1",
    kind: "explain",
    reads: { t: ["a"] },
    writes: { t: [] },
  },
  { sql: "EXPLAIN UPDATE t SET a = b", kind: "explain", reads: { t: ["b"] } },
  { sql: "BEGIN", kind: "transaction" },
  { sql: "SAVEPOINT here", kind: "transaction" },
  { sql: "SET search_path TO app", kind: "set" },
  { sql: "GRANT SELECT ON users TO reader", kind: "grant" },
  { sql: "CALL refresh(1)", kind: "call" },
  { sql: "SELEC id FROM users", kind: "other", fails: { reason: /./ } },
  { sql: "SELECT id FROM WHERE x = 1", kind: "select", fails: { reason: /table name/, offset: 15 } },
  { sql: "INSERT INTO t SELECT (a FROM u", kind: "insert_select", fails: { reason: /./ } },
  { sql: "SELECT 'no end", kind: "select", fails: { reason: /./ } },
];
