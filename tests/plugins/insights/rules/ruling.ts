import assert from "node:assert/strict";
import { join } from "node:path";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import {
  insightOpened,
  insightResolved,
  insightUpdated,
} from "../../../../plugins/insights/events/insights.ts";
import { INSIGHTS_MIGRATIONS } from "../../../../plugins/insights/migrations.ts";
import { applyClock, applyEvents, ruleEvent } from "../../../../plugins/insights/rules/apply_events.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import { type Place, resetRules } from "../../../../plugins/insights/rules/place.ts";
import { type Rule, type RuleSource, SOURCES } from "../../../../plugins/insights/rules/rule.ts";
import { MINUTE } from "./events.ts";

const SCHEMAS = [insightOpened, insightUpdated, insightResolved];
const TABLES = ["progress", "counted", "panes", "sessions"].map((name) => `insights_rule_${name}`);

/** A rule of errors over windows of 10 minutes, changed. */
export function aRule(given: Partial<Rule> = {}): Rule {
  return {
    name: "a_rule",
    kind: "error_rate",
    severity: "warning",
    threshold: 0.5,
    windowMs: 10 * MINUTE,
    slideMs: 10 * MINUTE,
    latenessMs: MINUTE,
    by: [],
    minSamples: 1,
    baselineSamples: 1,
    ...given,
  };
}

/** Rules at work on one partition, in a file of their own. */
export interface Ruling {
  /** Applies one batch and gives the insights, each checked by its schema. */
  add(...events: Envelope[]): Promise<InsightEvent[]>;
  /** The clock is at a time in milliseconds since 1970, and everything from before has been added. */
  clock(ms: number): Promise<InsightEvent[]>;
  /** Other rules hold from now on. */
  change(rules: readonly Rule[]): void;
  reset(): Promise<void>;
  /** All rows there are. */
  rows(): Record<string, unknown[]>;
}

/** Runs `work` with rules, all of one topic. */
export async function ruling(rules: readonly Rule[], work: (ruling: Ruling) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-rules-" });
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate("insights", INSIGHTS_MIGRATIONS);
    let held = rules;
    const [first] = rules;
    const source: RuleSource = SOURCES[first?.kind ?? "error_rate"];
    const place: Place = { source, part: 1 };
    const shared = () => ({ place, rules: held, source: "capstan" });
    await work({
      async add(...events) {
        const read = events.flatMap((event) => ruleEvent(held, event) ?? []);
        const nowMs = Date.UTC(2027, 0);
        return checked(await store.write((tx) => applyEvents(tx, read, { ...shared(), nowMs })));
      },
      clock: async (clockMs) => checked(await store.write((tx) => applyClock(tx, { ...shared(), clockMs }))),
      change: (rules) => void (held = rules),
      reset: () => store.write((tx) => resetRules(tx, place)),
      rows: () =>
        store.read((db) =>
          Object.fromEntries(
            [...TABLES, "insights_open"].map((table) => [table, db.all(`SELECT * FROM ${table}`)]),
          )
        ),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** As they lie in the log; each as its schema has it. */
function checked(events: readonly InsightEvent[]): InsightEvent[] {
  for (const event of events) {
    assert.ok(SCHEMAS.some((schema) => schema.safeParse(event).success), JSON.stringify(event));
  }
  return JSON.parse(JSON.stringify(events)) as InsightEvent[];
}

/** What happened to whom: `opened acme 0.5`. */
export function brief(events: readonly InsightEvent[]): string[] {
  return events.map(({ event_type, tenant_id, data }) =>
    [event_type.replace("insight.", ""), tenant_id, ...Object.values(data.group), data.value].join(" ")
  );
}
