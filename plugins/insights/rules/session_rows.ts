import type { Transaction } from "capstan";
import type { GroupKey, RowsOf } from "./place.ts";
import { joined, type Session } from "./session.ts";

interface Row extends GroupKey {
  start_ms: number;
  end_ms: number;
  node: string;
}

/** A session of a group's. */
export interface KnownSession {
  key: GroupKey;
  session: Session;
  /** Where the next one begins, where that was asked for and there is one. */
  nextMs: number | undefined;
}

const OF_RULE = "FROM insights_rule_sessions WHERE source = ? AND part = ? AND rule = ?";

/** The sessions of one rule in one partition, within a transaction. */
export class SessionRows {
  readonly #tx: Transaction;
  readonly #of: RowsOf;

  constructor(tx: Transaction, of: RowsOf) {
    this.#tx = tx;
    this.#of = of;
  }

  /** Adds a session; those no further away than `afterMs` become one with it. */
  add({ tenant, grp }: GroupKey, added: Session, afterMs: number): void {
    const near = this.#tx.all<Row>(
      `SELECT * ${OF_RULE} AND tenant = ? AND grp = ? AND start_ms <= ? AND end_ms >= ?`,
      ...this.#of,
      tenant,
      grp,
      added.endMs + afterMs,
      added.startMs - afterMs,
    );
    for (const { start_ms } of near) this.forget({ tenant, grp }, start_ms);
    const { startMs, endMs, node } = near.map(sessionOf).reduce(joined, added);
    this.#tx.run(
      "INSERT INTO insights_rule_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
      ...this.#of,
      tenant,
      grp,
      startMs,
      endMs,
      node,
    );
  }

  /** Sessions that ended before a time and whose silence is not yet said, oldest first. */
  ended(beforeMs: number): KnownSession[] {
    return this.#tx.all<Row>(
      `SELECT * ${OF_RULE} AND said = 0 AND end_ms < ? ORDER BY end_ms, tenant, grp`,
      ...this.#of,
      beforeMs,
    ).map((row) => knownOf({ ...row, next_ms: null }));
  }

  /** Sessions whose silence was said, oldest first. */
  said(): KnownSession[] {
    return this.#tx.all<Row & { next_ms: number | null }>(
      "SELECT tenant, grp, start_ms, end_ms, node, (SELECT min(start_ms) FROM insights_rule_sessions AS later " +
        "WHERE later.source = one.source AND later.part = one.part AND later.rule = one.rule " +
        "AND later.tenant = one.tenant AND later.grp = one.grp AND later.start_ms > one.start_ms) AS next_ms " +
        "FROM insights_rule_sessions AS one WHERE source = ? AND part = ? AND rule = ? AND said = 1 " +
        "ORDER BY end_ms, tenant, grp",
      ...this.#of,
    ).map(knownOf);
  }

  /** The silence behind a session was said. */
  say({ tenant, grp }: GroupKey, startMs: number): void {
    this.#tx.run(
      "UPDATE insights_rule_sessions SET said = 1 WHERE source = ? AND part = ? AND rule = ? " +
        "AND tenant = ? AND grp = ? AND start_ms = ?",
      ...this.#of,
      tenant,
      grp,
      startMs,
    );
  }

  /** A session is needed no more. */
  forget({ tenant, grp }: GroupKey, startMs: number): void {
    this.#tx.run(
      `DELETE ${OF_RULE} AND tenant = ? AND grp = ? AND start_ms = ?`,
      ...this.#of,
      tenant,
      grp,
      startMs,
    );
  }
}

function knownOf(row: Row & { next_ms: number | null }): KnownSession {
  const { tenant, grp, next_ms } = row;
  return { key: { tenant, grp }, session: sessionOf(row), nextMs: next_ms ?? undefined };
}

function sessionOf({ start_ms, end_ms, node }: Row): Session {
  return { startMs: start_ms, endMs: end_ms, node };
}
