import type { Reader } from "capstan";

/** What an id or its beginning names. */
export type Named =
  | { kind: "conversation" | "turn" | "node"; id: string }
  | { kind: "none" }
  | { kind: "several"; ids: string[] };

const EXACT: readonly [kind: "conversation" | "turn" | "node", sql: string][] = [
  ["conversation", "SELECT conversation AS id FROM turns WHERE conversation = ? LIMIT 1"],
  ["turn", "SELECT call_id AS id FROM turns WHERE call_id = ?"],
  ["node", "SELECT hash AS id FROM nodes WHERE hash = ?"],
];
const PREFIX: readonly [kind: "conversation" | "turn" | "node", sql: string][] = [
  [
    "conversation",
    "SELECT DISTINCT conversation AS id FROM turns WHERE conversation >= ? AND conversation < ? LIMIT 6",
  ],
  ["turn", "SELECT call_id AS id FROM turns WHERE call_id >= ? AND call_id < ? LIMIT 6"],
  ["node", "SELECT hash AS id FROM nodes WHERE hash >= ? AND hash < ? LIMIT 6"],
];

/**
 * Finds what an id names: a conversation, a turn (call id) or a node (hash), in full or by a beginning that only one
 * of them has. A conversation goes before the turn that gave it its name.
 */
export function resolve(db: Reader, id: string): Named {
  for (const [kind, sql] of EXACT) {
    if (db.get(sql, id) !== undefined) return { kind, id };
  }
  const found = new Map<string, { kind: "conversation" | "turn" | "node"; id: string }>();
  for (const [kind, sql] of PREFIX) {
    for (const row of db.all<{ id: string }>(sql, id, `${id}\u{10ffff}`)) {
      if (!found.has(row.id)) found.set(row.id, { kind, id: row.id });
    }
  }
  const [first, ...others] = found.values();
  if (first === undefined) return { kind: "none" };
  return others.length === 0 ? first : { kind: "several", ids: [...found.keys()].slice(0, 6) };
}
