import type { Transaction } from "capstan";
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
    const row = this.#tx.get<Row>(
      `SELECT ${COLUMNS} ${OF_RULE} AND start_ms = ? AND tenant = ? AND grp = ?`,
      ...this.#of,
      startMs,
      tenant,
      grp,
    );
    const sum = row === undefined ? emptyPane() : paneOf(row);
    addPane(sum, pane);
    this.#tx.run(
      "REPLACE INTO insights_rule_panes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

  /** What each group has in a window, by `textOf`. */
  window(startMs: number, endMs: number): Map<string, { key: GroupKey; pane: Pane }> {
    const groups = new Map<string, { key: GroupKey; pane: Pane }>();
    const rows = this.#tx.iterate<Row>(
      `SELECT ${COLUMNS} ${OF_RULE} AND start_ms >= ? AND start_ms < ?`,
      ...this.#of,
      startMs,
      endMs,
    );
    for (const row of rows) {
      const { tenant, grp } = row, key = { tenant, grp };
      const known = groups.get(textOf(key));
      if (known === undefined) groups.set(textOf(key), { key, pane: paneOf(row) });
      else addPane(known.pane, paneOf(row));
    }
    return groups;
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

  /** Forgets the panes that begin before a time. */
  forgetBefore(ms: number): void {
    this.#tx.run(`DELETE ${OF_RULE} AND start_ms < ?`, ...this.#of, ms);
  }
}

function paneOf({ samples, bad, total, histogram, evidence }: Row): Pane {
  return {
    samples,
    bad,
    total,
    histogram: histogramOf(histogram),
    evidence: JSON.parse(evidence) as Evidence[],
  };
}
