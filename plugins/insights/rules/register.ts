import type { PluginContext, PluginHooks, PluginStore, PublishRequest } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { type Applied, applyClock, applyEvents, ruleEvent, takeClockFact } from "./apply_events.ts";
import { clockFactOf, type ClockRecord, clockRequests, clockTopic, clockTopicName } from "./clock_topic.ts";
import { dueByClock } from "./due_by_clock.ts";
import { type Place, resetRules } from "./place.ts";
import { leftOut, readProgress } from "./progress.ts";
import { readRules } from "./read_rules.ts";
import { type Rule, type RuleSource, SOURCES } from "./rule.ts";
import { type ClockedStream, RuleClock } from "./rule_clock.ts";
import { type Tick, TICKS_TOPIC } from "./tick.ts";

const GROUPS = {
  "ai-learning-signals": "insights-rules-signals",
  "agent-metrics-events": "insights-rules-metrics",
  "agent-trace-events": "insights-rules-traces",
} as const satisfies Readonly<Record<RuleSource, string>>;

type Context = Pick<PluginContext, "topic" | "stream" | "producer" | "gauge" | "now" | "sleep" | "log">;

/** Registers the streams that find insights by the rules, and the clock that goes on where no events come. */
export function registerRules(ctx: Context, settings: Settings, store: PluginStore): PluginHooks {
  const all = readRules(settings);
  const rules = (source: RuleSource) => all.filter(({ kind }) => SOURCES[kind] === source);
  const requests = (place: Place, { insights, facts }: Applied): PublishRequest[] => [
    ...insights.map((event) => ({
      topic: topicName(settings, "ai-insights"),
      key: event.tenant_id,
      value: { ...event },
      timestamp: Date.parse(event.timestamp),
    })),
    ...clockRequests(settings, place, facts, ctx.now()),
  ];
  ctx.topic(clockTopic(settings));
  // All three, even without a rule: what a rule had that was removed must end.
  const streams = (["ai-learning-signals", "agent-metrics-events", "agent-trace-events"] as const).map(
    (source) => registerStream(ctx, { source, settings, rules: rules(source), requests }),
  );
  ctx.gauge({
    name: "rules_left_out",
    help: "Events that rules left out because they came too late, or their time is yet to come.",
    collect: () => store.read(leftOut),
  });
  return registerClock(ctx, { settings, rules, requests, streams, store });
}

interface StreamParts {
  source: RuleSource;
  settings: Settings;
  /** Those that read the source. */
  rules: readonly Rule[];
  requests(place: Place, applied: Applied): PublishRequest[];
}

function registerStream(ctx: Context, { source, settings, rules, requests }: StreamParts): ClockedStream {
  const topic = topicName(settings, source);
  const parts = new Set<number>();
  const events = ctx.stream<Envelope | ClockRecord | null>({
    // What the clock told goes where the events go that it was told of.
    topics: [topic, clockTopicName(settings)],
    together: true,
    group: GROUPS[source],
    state: {
      reset: (tx, place) => place.topic === topic && resetRules(tx, { source, part: place.partition }),
    },
    onAssigned: (come) => come.forEach((each) => each.topic === topic && parts.add(each.partition)),
    onRevoked: (gone) => gone.forEach((each) => each.topic === topic && parts.delete(each.partition)),
  }, ({ topic: from, partition, records }) => {
    const options = { place: { source, part: partition }, rules, source: settings.source };
    if (from !== topic) {
      const facts = records.map(({ data }) => data as ClockRecord).filter((each) => each.source === source);
      return { write: (tx) => facts.forEach((fact) => takeClockFact(tx, clockFactOf(fact), options)) };
    }
    const read = records.map(({ offset, data }) => ({
      offset,
      event: data === null ? undefined : ruleEvent(rules, data as Envelope),
    }));
    const nowMs = ctx.now();
    return { write: (tx) => requests(options.place, applyEvents(tx, read, { ...options, nowMs })) };
  });
  return { events, places: () => [...parts].map((part) => ({ source, part })) };
}

interface ClockParts extends Pick<StreamParts, "settings" | "requests"> {
  rules(source: RuleSource): readonly Rule[];
  streams: readonly ClockedStream[];
  store: PluginStore;
}

function registerClock(
  ctx: Context,
  { settings, rules, requests, streams, store }: ClockParts,
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
        return requests({ source, part }, applied);
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
