import type { Transaction } from "capstan";
import { countedBetween } from "./counted.ts";
import { PaneRows } from "./pane_rows.ts";
import { addSample, emptyPane, type Pane } from "./pane.ts";
import { type GroupKey, groupKey, type Place, rowsOf, textOf } from "./place.ts";
import { paneOf, type Rule } from "./rule.ts";
import { contentEvent, samplesOf } from "./sample.ts";

/**
 * Makes a tenant's panes of one time anew from what is counted, after one of it has taken the place of another: they are
 * then as if the other one had never come. All of an open pane is still known.
 */
export function recount(
  tx: Transaction,
  place: Place,
  { rule, tenant, timeMs }: { rule: Rule; tenant: string; timeMs: number },
): void {
  const startMs = paneOf(rule, timeMs);
  const groups = new Map<string, { key: GroupKey; pane: Pane }>();
  const counted = countedBetween(tx, place, { tenant, fromMs: startMs, untilMs: startMs + rule.slideMs });
  for (const { content, timeMs } of counted) {
    for (const sample of samplesOf(rule, contentEvent(content))) {
      const key = groupKey(tenant, sample);
      const { pane } = groups.get(textOf(key)) ?? { pane: emptyPane() };
      groups.set(textOf(key), { key, pane });
      addSample(pane, rule, { sample, timeMs });
    }
  }
  const rows = new PaneRows(tx, rowsOf(place, rule));
  rows.forgetTenant(startMs, tenant);
  for (const { key, pane } of groups.values()) rows.add(startMs, key, pane);
}
