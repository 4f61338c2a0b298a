import type { Transaction } from "capstan";
import { readJson } from "capstan/json";
import { keyOf, type Rule, type RuleSource } from "./rule.ts";
import type { Group, Sample } from "./sample.ts";

/** Where rows of one rule are: the topic and partition they follow from. */
export interface Place {
  readonly source: RuleSource;
  readonly part: number;
}

/** A rule's rows in one partition. */
export type RowsOf = readonly [source: string, part: number, rule: string];

/** Names a rule's rows. */
export function rowsOf({ source, part }: Place, rule: Rule): RowsOf {
  return [source, part, keyOf(rule)];
}

/** A tenant's group, as rows have it. */
export interface GroupKey {
  readonly tenant: string;
  /** The group and the detail, as JSON. */
  readonly grp: string;
}

/** The key of a sample's group. */
export function groupKey(tenant: string, { group, detail }: Pick<Sample, "group" | "detail">): GroupKey {
  return { tenant, grp: JSON.stringify(detail === undefined ? [group] : [group, detail]) };
}

/** The group that a key is of. */
export function groupOf(grp: string): Group {
  return (readJson(grp) as [Group])[0];
}

/** One text for both; tenants have no control characters. */
export function textOf({ tenant, grp }: GroupKey): string {
  return `${tenant}\n${grp}`;
}

const TABLES = ["insights_rule_panes", "insights_rule_sessions", "insights_open"] as const;
const ALL_TABLES = ["insights_rule_progress", "insights_rule_counted", ...TABLES] as const;

/** Forgets all that follows from a partition. */
export function resetRules(tx: Transaction, { source, part }: Place): void {
  for (const table of ALL_TABLES) tx.run(`DELETE FROM ${table} WHERE source = ? AND part = ?`, source, part);
}

/** Forgets what rules have that are not among these any more. */
export function forgetOtherRules(tx: Transaction, { source, part }: Place, keys: readonly string[]): void {
  for (const table of TABLES) {
    tx.run(
      `DELETE FROM ${table} WHERE source = ? AND part = ? AND rule NOT IN (SELECT value FROM json_each(?))`,
      source,
      part,
      JSON.stringify(keys),
    );
  }
}
