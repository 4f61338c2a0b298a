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
import {
  applyClock,
  applyEvents,
  ruleEvent,
  takeClockFact,
} from "../../../../plugins/insights/rules/apply_events.ts";
import type { ClockFact, ClockTold } from "../../../../plugins/insights/rules/clock_facts.ts";
import { dueByClock } from "../../../../plugins/insights/rules/due_by_clock.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import { type Place, resetRules } from "../../../../plugins/insights/rules/place.ts";
import { type Rule, type RuleSource, SOURCES } from "../../../../plugins/insights/rules/rule.ts";
import { MINUTE } from "./events.ts";

const SCHEMAS = [insightOpened, insightUpdated, insightResolved];
const TABLES = ["progress", "counted", "panes", "sessions", "clock"].map((name) => `insights_rule_${name}`);

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
  /**
   * The clock ends windows: events up to a time in milliseconds since 1970 are taken to have come. `atOffset` is where it
   * takes the partition to be, by default where it is.
   */
  idle(ms: number, atOffset?: number): Promise<InsightEvent[]>;
  /** Whether a window would be looked at if the clock were to end it. */
  isDue(idleMs: number): boolean;
  /** The agent's clock is at a time in milliseconds since 1970 when events are added; before, well after all of them. */
  now(ms: number): void;
  /** Everything that was added is handled once more from the beginning, so many at a time. */
  replay(size: number): Promise<InsightEvent[]>;
  /** What was done by the clock is taken over by another file, in which the same events were handled. */
  other(work: (other: Ruling) => Promise<void>): Promise<void>;
  /** Another agent did this by the clock. */
  take(fact: ClockFact): Promise<void>;
  /** Other rules hold from now on. */
  change(rules: readonly Rule[]): void;
  /** Another partition begins. */
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
    let agentMs = Date.UTC(2027, 0);
    const added: Envelope[] = [];
    const facts: ClockFact[] = [];
    const apply = async (from: number, events: readonly Envelope[], nowMs = agentMs) => {
      const read = events.map((event, n) => ({ offset: from + n, event: ruleEvent(held, event) }));
      const applied = await store.write((tx) => applyEvents(tx, read, { ...shared(), nowMs }));
      facts.push(...applied.facts);
      return checked(applied.insights);
    };
    const tell = async (told: ClockTold, atOffset = added.length) => {
      const options = { ...shared(), told, atOffset };
      const applied = await store.write((tx) => applyClock(tx, options));
      facts.push(...applied.facts);
      return checked(applied.insights);
    };
    await work({
      add: async (...events) => {
        const from = added.length;
        added.push(...events);
        return await apply(from, events);
      },
      clock: (clockMs) => tell({ clockMs, idleMs: null }),
      idle: (idleMs, atOffset) => tell({ clockMs: null, idleMs }, atOffset),
      isDue: (idleMs) =>
        store.read((db) => dueByClock(db, place, { rules: held, told: { clockMs: null, idleMs } })) !==
          undefined,
      async replay(size) {
        await store.write((tx) => resetRules(tx, place));
        const found: InsightEvent[] = [];
        for (let from = 0; from < added.length; from += size) {
          // A year later nothing is of a time yet to come.
          found.push(...await apply(from, added.slice(from, from + size), Date.UTC(2028, 0)));
        }
        return found;
      },
      other: (work) =>
        ruling(rules, async (other) => {
          for (const fact of facts) await other.take(fact);
          await other.add(...added);
          await work(other);
        }),
      now: (ms) => void (agentMs = ms),
      take: (fact) => store.write((tx) => takeClockFact(tx, fact, shared())),
      change: (rules) => void (held = rules),
      async reset() {
        added.length = 0;
        facts.length = 0;
        await store.write((tx) => {
          resetRules(tx, place);
          tx.run("DELETE FROM insights_rule_clock");
        });
      },
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
