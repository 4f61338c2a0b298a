import type { PluginContext, PluginHooks, PluginStore } from "capstan";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { registerStream } from "../streams/event_stream.ts";
import { applyClock } from "./apply_events.ts";
import { clockTopic } from "./clock_topic.ts";
import { dueByClock } from "./due_by_clock.ts";
import type { Place } from "./place.ts";
import { leftOut, readProgress } from "./progress.ts";
import { readRules } from "./read_rules.ts";
import { type Rule, type RuleSource, SOURCES } from "./rule.ts";
import { type ClockedStream, RuleClock } from "./rule_clock.ts";
import { ruleRequests, rulesStream } from "./rule_streams.ts";
import { type Tick, TICKS_TOPIC } from "./tick.ts";

const GROUPS = {
  "ai-learning-signals": "insights-rules-signals",
  "agent-metrics-events": "insights-rules-metrics",
  "agent-trace-events": "insights-rules-traces",
} as const satisfies Readonly<Record<RuleSource, string>>;

type Context = Pick<
  PluginContext,
  "topic" | "stream" | "producer" | "counter" | "gauge" | "now" | "sleep" | "log"
>;

/** Registers the streams that find insights by the rules, and the clock that goes on where no events come. */
export function registerRules(ctx: Context, settings: Settings, store: PluginStore): PluginHooks {
  const all = readRules(settings);
  const rules = (source: RuleSource) => all.filter(({ kind }) => SOURCES[kind] === source);
  ctx.topic(clockTopic(settings));
  // All three, even without a rule: what a rule had that was removed must end.
  const streams = (["ai-learning-signals", "agent-metrics-events", "agent-trace-events"] as const).map(
    (source) => registerRuleStream(ctx, settings, source),
  );
  ctx.gauge({
    name: "rules_left_out",
    help: "Events that rules left out because they came too late, or their time is yet to come.",
    collect: () => store.read(leftOut),
  });
  return registerClock(ctx, { settings, rules, streams, store });
}

function registerRuleStream(ctx: Context, settings: Settings, source: RuleSource): ClockedStream {
  const topic = topicName(settings, source);
  const parts = new Set<number>();
  const events = registerStream(
    ctx,
    { group: GROUPS[source], settings },
    rulesStream(ctx, settings, source),
    {
      onAssigned: (come) => come.forEach((each) => each.topic === topic && parts.add(each.partition)),
      onRevoked: (gone) => gone.forEach((each) => each.topic === topic && parts.delete(each.partition)),
    },
  );
  return { events, places: () => [...parts].map((part) => ({ source, part })) };
}

interface ClockParts {
  settings: Settings;
  rules(source: RuleSource): readonly Rule[];
  streams: readonly ClockedStream[];
  store: PluginStore;
}

function registerClock(
  ctx: Context,
  { settings, rules, streams, store }: ClockParts,
): PluginHooks {
  ctx.topic({ name: TICKS_TOPIC, partitions: 1, localOnly: true, retentionMs: 0 });
  const isHere = ({ source, part }: Place) =>
    streams.some(({ places }) => places().some((each) => each.source === source && each.part === part));
  ctx.stream<Tick>({ topics: [TICKS_TOPIC], group: "insights-ticks", source: "local" }, ({ records }) => ({
    write: (tx) =>
      records.flatMap(({ data }) => data.places).filter(isHere).flatMap((ticked) => {
        const { source, part, offset, clock_ms, idle_ms } = ticked;
        const applied = applyClock(tx, {
          place: { source, part },
          rules: rules(source),
          source: settings.source,
          told: { clockMs: clock_ms, idleMs: idle_ms },
          atOffset: offset,
        });
        return ruleRequests(settings, { place: { source, part }, nowMs: ctx.now() }, applied);
      }),
  }));
  const clock = new RuleClock({
    ctx,
    store,
    ticks: ctx.producer(TICKS_TOPIC),
    streams,
    idleMs: settings.rule_idle,
    nextOffset: (db, place) => readProgress(db, place).nextOffset,
    due: (db, place, told) => dueByClock(db, place, { rules: rules(place.source), told }),
  });
  return { start: () => clock.start(), drain: () => clock.stop(), stop: () => clock.stop() };
}
