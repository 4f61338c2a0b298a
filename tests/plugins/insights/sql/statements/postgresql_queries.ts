import type { Case } from "./case.ts";

/** Queries in PostgreSQL's dialect. */
export const postgresqlQueries: readonly Case[] = [
  {
    sql: "SELECT id, name FROM users WHERE active",
    kind: "select",
    reads: { users: ["active", "id", "name"] },
  },
  { sql: "select * from public.users", kind: "select", reads: { "public.users": ["*"] } },
  { sql: "SELECT count(*) FROM orders", kind: "select", reads: { orders: [] } },
  {
    sql: "SELECT u.id, o.total FROM users u JOIN orders AS o ON o.user_id = u.id WHERE o.total > 10",
    kind: "select",
    reads: { orders: ["total", "user_id"], users: ["id"] },
  },
  {
    sql: "SELECT u.*, o.id FROM users u LEFT JOIN orders o USING (user_id)",
    kind: "select",
    reads: { orders: ["id", "user_id"], users: ["*", "user_id"] },
  },
  {
    sql: "SELECT name, total FROM users JOIN orders ON users.id = orders.user_id",
    kind: "select",
    reads: { orders: ["user_id"], users: ["id"] },
    unattributed: ["name", "total"],
  },
  {
    sql:
      "WITH recent AS (SELECT user_id, total FROM orders WHERE placed > now() - interval '7 days') SELECT user_id, sum(total) FROM recent GROUP BY user_id",
    kind: "select",
    reads: { orders: ["placed", "total", "user_id"] },
  },
  {
    sql:
      "WITH a AS (SELECT id FROM t1), b AS (SELECT a.id, t2.v FROM a JOIN t2 ON t2.id = a.id) SELECT * FROM b",
    kind: "select",
    reads: { t1: ["id"], t2: ["id", "v"] },
  },
  {
    sql:
      "WITH RECURSIVE tree(id, parent) AS (SELECT id, parent FROM nodes WHERE parent IS NULL UNION ALL SELECT n.id, n.parent FROM nodes n JOIN tree ON n.parent = tree.id) SELECT id FROM tree",
    kind: "select",
    reads: { nodes: ["id", "parent"] },
  },
  {
    sql: "WITH users AS (SELECT id FROM users WHERE active) SELECT id FROM users",
    kind: "select",
    reads: { users: ["active", "id"] },
  },
  {
    sql: "SELECT x FROM (WITH c AS (SELECT a AS x FROM t) SELECT x FROM c) AS s",
    kind: "select",
    reads: { t: ["a"] },
  },
  {
    sql: "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE total > 5)",
    kind: "select",
    reads: { orders: ["total", "user_id"], users: ["id"] },
  },
  {
    sql:
      "SELECT u.id, (SELECT max(o.total) FROM orders o WHERE o.user_id = u.id) AS best FROM users u ORDER BY best DESC",
    kind: "select",
    reads: { orders: ["total", "user_id"], users: ["id"] },
  },
  {
    sql:
      "SELECT s.day, s.n FROM (SELECT date_trunc('day', at) AS day, count(*) AS n FROM events GROUP BY 1) s WHERE s.n > (SELECT avg(n) FROM daily)",
    kind: "select",
    reads: { daily: ["n"], events: ["at"] },
  },
  {
    sql:
      "SELECT u.id FROM users u WHERE EXISTS (SELECT 1 FROM bans b WHERE b.user_id = u.id) AND NOT EXISTS (SELECT 1 FROM pardons p WHERE p.user_id = u.id)",
    kind: "select",
    reads: { bans: ["user_id"], pardons: ["user_id"], users: ["id"] },
  },
  {
    sql:
      "SELECT dept FROM staff GROUP BY dept HAVING count(*) > (SELECT min_size FROM rules LIMIT 1) ORDER BY (SELECT weight FROM ranks WHERE ranks.dept = staff.dept)",
    kind: "select",
    reads: { ranks: ["dept", "weight"], rules: ["min_size"], staff: ["dept"] },
  },
  {
    sql:
      "SELECT id, row_number() OVER (PARTITION BY dept ORDER BY hired DESC) AS rn, sum(pay) OVER w FROM staff WINDOW w AS (PARTITION BY site)",
    kind: "select",
    reads: { staff: ["dept", "hired", "id", "pay", "site"] },
  },
  {
    sql:
      "SELECT t.id, l.v FROM t CROSS JOIN LATERAL (SELECT u.v FROM u WHERE u.t_id = t.id ORDER BY u.at LIMIT 1) l",
    kind: "select",
    reads: { t: ["id"], u: ["at", "t_id", "v"] },
  },
  {
    sql: "SELECT o.id, tag FROM orders o, unnest(o.tags) AS tag",
    kind: "select",
    reads: { orders: ["id", "tags"] },
  },
  {
    sql: "SELECT a FROM t1 UNION SELECT b FROM t2 EXCEPT SELECT c FROM t3 ORDER BY 1",
    kind: "select",
    reads: { t1: ["a"], t2: ["b"], t3: ["c"] },
  },
  {
    sql: 'SELECT "User Name", "t"."Id" FROM "My Schema"."Users" AS "t"',
    kind: "select",
    reads: { "My Schema.Users": ["Id", "User Name"] },
  },
  { sql: 'SELECT a FROM "odd.name"', kind: "select", reads: { '"odd.name"': ["a"] } },
  {
    sql: "SELECT data->>'k' AS k, tags[1], id::text FROM docs WHERE data @> '{\"a\": 1}' AND name ILIKE $1",
    kind: "select",
    reads: { docs: ["data", "id", "name", "tags"] },
  },
  {
    sql: "SELECT DISTINCT ON (user_id) user_id, at FROM logins ORDER BY user_id, at DESC",
    kind: "select",
    reads: { logins: ["at", "user_id"] },
  },
  {
    sql: "SELECT sales.orders.id FROM sales.orders",
    kind: "select",
    reads: { "sales.orders": ["id"] },
  },
  { sql: "SELECT row_to_json(u) FROM users u", kind: "select", reads: { users: ["*"] } },
  { sql: "SELECT g FROM generate_series(1, 10) AS g", kind: "select" },
  { sql: "SELECT 1", kind: "select" },
  { sql: "VALUES (1, 'a'), (2, 'b')", kind: "select" },
  {
    sql: "SELECT user_id, b.v FROM a JOIN b USING (user_id) ORDER BY user_id",
    kind: "select",
    reads: { a: ["user_id"], b: ["user_id", "v"] },
  },
  {
    sql: "WITH t AS (SELECT a FROM t UNION ALL SELECT b FROM t) SELECT a FROM t",
    kind: "select",
    reads: { t: ["a", "b"] },
  },
  {
    sql: "SELECT \"a\"\"b\" FROM t WHERE c = 'it''s' AND (t).d > 1",
    kind: "select",
    reads: { t: ['a"b', "c", "d"] },
  },
  {
    sql:
      "SELECT j.name, sum(j.n) FILTER (WHERE j.ok) FROM (a JOIN b ON a.id = b.id) CROSS JOIN jobs j GROUP BY j.name",
    kind: "select",
    reads: { a: ["id"], b: ["id"], jobs: ["n", "name", "ok"] },
  },
];
