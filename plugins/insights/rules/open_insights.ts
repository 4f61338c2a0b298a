import type { Transaction } from "capstan";
import { readJson } from "capstan/json";
import type { InsightData } from "../events/insights.ts";
import type { GroupKey, Place, RowsOf } from "./place.ts";

/** An insight that is open. */
export interface OpenInsight {
  key: GroupKey;
  /** What its last event said. */
  said: InsightData;
  /** Time of the newest evidence that was said; milliseconds since 1970. */
  newestMs: number;
}

interface Row extends GroupKey {
  rule: string;
  newest_ms: number;
  said: string;
}

/** The open insights of one rule in one partition, by tenant and group. */
export function openInsights(tx: Transaction, of: RowsOf): OpenInsight[] {
  return tx.all<Row>(
    "SELECT rule, tenant, grp, newest_ms, said FROM insights_open WHERE source = ? AND part = ? AND rule = ?",
    ...of,
  ).map(insightOf);
}

/** The open insight of one group. */
export function openInsight(tx: Transaction, of: RowsOf, { tenant, grp }: GroupKey): OpenInsight | undefined {
  const row = tx.get<Row>(
    "SELECT rule, tenant, grp, newest_ms, said FROM insights_open " +
      "WHERE source = ? AND part = ? AND rule = ? AND tenant = ? AND grp = ?",
    ...of,
    tenant,
    grp,
  );
  return row && insightOf(row);
}

/** The open insights of rules that are not among these any more. */
export function orphanedInsights(
  tx: Transaction,
  { source, part }: Place,
  keys: readonly string[],
): OpenInsight[] {
  return tx.all<Row>(
    "SELECT rule, tenant, grp, newest_ms, said FROM insights_open WHERE source = ? AND part = ? " +
      "AND rule NOT IN (SELECT value FROM json_each(?)) ORDER BY rule, tenant, grp",
    source,
    part,
    JSON.stringify(keys),
  ).map(insightOf);
}

function insightOf({ tenant, grp, newest_ms, said }: Row): OpenInsight {
  return { key: { tenant, grp }, newestMs: newest_ms, said: readJson(said) as InsightData };
}

/** An insight is open, and this was said of it. */
export function keepOpen(tx: Transaction, of: RowsOf, { key, said, newestMs }: OpenInsight): void {
  tx.run(
    "REPLACE INTO insights_open VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...of,
    key.tenant,
    key.grp,
    newestMs,
    JSON.stringify(said),
  );
}

/** An insight is open no more. */
export function close(tx: Transaction, of: RowsOf, { tenant, grp }: GroupKey): void {
  tx.run(
    "DELETE FROM insights_open WHERE source = ? AND part = ? AND rule = ? AND tenant = ? AND grp = ?",
    ...of,
    tenant,
    grp,
  );
}
