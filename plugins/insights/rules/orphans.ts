import type { Transaction } from "capstan";
import { type InsightEvent, insightEvent, timeText } from "./insight_event.ts";
import { orphanedInsights } from "./open_insights.ts";
import { forgetOtherRules, type Place } from "./place.ts";
import type { Progress } from "./progress.ts";
import { keyOf, type Rule } from "./rule.ts";

/** What there was, and what there is now. */
export interface OrphansOptions {
  place: Place;
  progress: Progress;
  rules: readonly Rule[];
  /** What events name as their source. */
  source: string;
}

/** Resolves the insights of rules that were changed or removed since the last batch, and forgets what they had. */
export function endOrphans(
  tx: Transaction,
  { place, progress, rules, source }: OrphansOptions,
): InsightEvent[] {
  const keys = rules.map(keyOf);
  if (progress.rules.every((key) => keys.includes(key))) return [];
  const orphans = orphanedInsights(tx, place, keys);
  forgetOtherRules(tx, place, keys);
  return orphans.map(({ key: { tenant }, said }) => {
    const atMs = Math.max(progress.seenMs ?? 0, Date.parse(said.window.end));
    const summary = "Over: its rule was changed or removed.";
    const data = { ...said, resolved_at: timeText(atMs), summary };
    return insightEvent({ state: "resolved", tenant, atMs, source, data });
  });
}
