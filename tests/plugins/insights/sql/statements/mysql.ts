import type { Case } from "./case.ts";

/** Statements in the dialect of MySQL. */
export const mysql: readonly Case[] = [
  {
    sql: 'SELECT `u`.`id`, `name` FROM `shop`.`users` AS `u` WHERE `u`.`name` = "O\'Hara" LIMIT 5, 10',
    kind: "select",
    reads: { "shop.users": ["id", "name"] },
  },
  {
    sql: "INSERT INTO t (a, b) VALUES (1, 'it\\'s; fine') ON DUPLICATE KEY UPDATE b = VALUES(b), n = n + 1",
    kind: "insert",
    reads: { t: ["n"] },
    writes: { t: ["a", "b", "n"] },
  },
  { sql: "REPLACE INTO t (a) VALUES (1)", kind: "insert", writes: { t: ["a"] } },
  { sql: "INSERT INTO t SET a = 1, b = 2", kind: "insert", writes: { t: ["a", "b"] } },
  {
    sql: "INSERT IGNORE INTO t (a) SELECT a FROM u # the rest",
    kind: "insert_select",
    reads: { u: ["a"] },
    writes: { t: ["a"] },
  },
  {
    sql:
      "UPDATE orders o JOIN users u ON u.id = o.user_id SET o.state = 'x', u.seen = NOW() WHERE u.banned = 1",
    kind: "update",
    reads: { orders: ["user_id"], users: ["banned", "id"] },
    writes: { orders: ["state"], users: ["seen"] },
  },
  {
    sql: "DELETE a, b FROM t1 AS a INNER JOIN t2 AS b ON a.x = b.x WHERE b.y > 1",
    kind: "delete",
    reads: { t1: ["x"], t2: ["x", "y"] },
    writes: { t1: [], t2: [] },
  },
  {
    sql: "DELETE t1 FROM t1 LEFT JOIN t2 ON t1.id = t2.id WHERE t2.id IS NULL",
    kind: "delete",
    reads: { t1: ["id"], t2: ["id"] },
    writes: { t1: [] },
  },
  {
    sql: "SELECT GROUP_CONCAT(name SEPARATOR ', ') FROM tags WHERE id IN (SELECT tag_id FROM post_tags)",
    kind: "select",
    reads: { post_tags: ["tag_id"], tags: ["id", "name"] },
  },
  {
    sql:
      "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
    kind: "create_table",
    writes: { t: ["id", "v"] },
  },
  { sql: "ALTER TABLE t MODIFY COLUMN v TEXT", kind: "alter", writes: { t: ["v"] } },
  { sql: "SHOW TABLES", kind: "show" },
  { sql: "DESCRIBE users", kind: "show", reads: { users: [] } },
  { sql: "SELECT IFNULL(a, 0), @row := @row + 1 FROM t", kind: "select", reads: { t: ["a"] } },
  {
    sql: "LOAD DATA INFILE 'x.csv' INTO TABLE t",
    kind: "copy",
    fails: { reason: /INPATH/i },
  },
  {
    sql: "SELECT a # it's; the first\nFROM t WHERE b = '#'",
    kind: "select",
    reads: { t: ["a", "b"] },
  },
];
