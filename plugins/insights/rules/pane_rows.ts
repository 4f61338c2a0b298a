import type { Transaction } from "capstan";
import { readJson } from "capstan/json";
import type { Evidence } from "./evidence.ts";
import { histogramOf, histogramText } from "./histogram.ts";
import type { Before } from "./judge.ts";
import { addPane, emptyPane, type Pane } from "./pane.ts";
import { type GroupKey, type RowsOf, textOf } from "./place.ts";

interface Row extends GroupKey {
  samples: number;
  bad: number;
  total: number;
  histogram: string;
  evidence: string;
}

const COLUMNS = "tenant, grp, samples, bad, total, histogram, evidence";
const OF_RULE = "FROM insights_rule_panes WHERE source = ? AND part = ? AND rule = ?";

/** The panes of one rule in one partition, within a transaction. */
export class PaneRows {
  readonly #tx: Transaction;
  readonly #of: RowsOf;

  constructor(tx: Transaction, of: RowsOf) {
    this.#tx = tx;
    this.#of = of;
  }

  /** Adds to what a pane has. */
  add(startMs: number, { tenant, grp }: GroupKey, pane: Pane): void {
    // Figures alone are added in place; most events bring nothing else.
    const isPlain = pane.evidence.length === 0 && pane.histogram.size === 0;
    const row = isPlain ? undefined : this.#get(startMs, { tenant, grp });
    const sum = row === undefined ? emptyPane() : paneOf(row);
    addPane(sum, pane);
    this.#tx.run(
      isPlain
        ? "INSERT INTO insights_rule_panes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " +
          "samples = samples + excluded.samples, bad = bad + excluded.bad, total = total + excluded.total"
        : "REPLACE INTO insights_rule_panes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...this.#of,
      startMs,
      tenant,
      grp,
      sum.samples,
      sum.bad,
      sum.total,
      histogramText(sum.histogram),
      JSON.stringify(sum.evidence),
    );
  }

  /** Where the first pane begins that begins at a time or later. */
  firstFrom(ms: number): number | undefined {
    // SQLite has no infinity to compare with.
    const row = this.#tx.get<{ start_ms: number | null }>(
      `SELECT min(start_ms) AS start_ms ${OF_RULE} AND start_ms >= ?`,
      ...this.#of,
      Math.max(ms, Number.MIN_SAFE_INTEGER),
    );
    return row?.start_ms ?? undefined;
  }

  /** What groups have in a window that have at least so many samples in it, without histograms and evidence. */
  sums(startMs: number, endMs: number, atLeast: number): { key: GroupKey; pane: Pane }[] {
    return this.#tx.all<GroupKey & Pick<Row, "samples" | "bad" | "total">>(
      `SELECT tenant, grp, sum(samples) AS samples, sum(bad) AS bad, sum(total) AS total ${OF_RULE} ` +
        "AND start_ms >= ? AND start_ms < ? GROUP BY tenant, grp HAVING sum(samples) >= ?",
      ...this.#of,
      startMs,
      endMs,
      atLeast,
    ).map(({ tenant, grp, ...sums }) => ({ key: { tenant, grp }, pane: { ...emptyPane(), ...sums } }));
  }

  /** All that one group has in the panes that begin at these times. */
  whole(starts: readonly number[], { tenant, grp }: GroupKey): Pane {
    const whole = emptyPane();
    for (const startMs of starts) {
      const row = this.#get(startMs, { tenant, grp });
      if (row !== undefined) addPane(whole, paneOf(row));
    }
    return whole;
  }

  /** What each group had in the time before a window, by `textOf`. */
  before(startMs: number, untilMs: number): Map<string, Before> {
    const rows = this.#tx.all<GroupKey & { samples: number; total: number; firstMs: number }>(
      `SELECT tenant, grp, sum(samples) AS samples, sum(total) AS total, min(start_ms) AS firstMs ${OF_RULE} ` +
        "AND start_ms >= ? AND start_ms < ? GROUP BY tenant, grp",
      ...this.#of,
      startMs,
      untilMs,
    );
    return new Map(
      rows.map((row) => [textOf(row), {
        samples: row.samples,
        total: row.total,
        firstMs: row.firstMs,
        untilMs,
      }]),
    );
  }

  /** Forgets what a tenant has in the pane that begins at a time. */
  forgetTenant(startMs: number, tenant: string): void {
    this.#tx.run(`DELETE ${OF_RULE} AND start_ms = ? AND tenant = ?`, ...this.#of, startMs, tenant);
  }

  /** Forgets the panes that begin before a time. */
  forgetBefore(ms: number): void {
    this.#tx.run(`DELETE ${OF_RULE} AND start_ms < ?`, ...this.#of, ms);
  }

  #get(startMs: number, { tenant, grp }: GroupKey): Row | undefined {
    return this.#tx.get<Row>(
      `SELECT ${COLUMNS} ${OF_RULE} AND start_ms = ? AND tenant = ? AND grp = ?`,
      ...this.#of,
      startMs,
      tenant,
      grp,
    );
  }
}

function paneOf({ samples, bad, total, histogram, evidence }: Row): Pane {
  return {
    samples,
    bad,
    total,
    histogram: histogramOf(histogram),
    evidence: readJson(evidence) as Evidence[],
  };
}
