import type { PluginContext, PluginHooks, PluginStore, PublishRequest, StreamHandle } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { applyClock, applyEvents, ruleEvent } from "./apply_events.ts";
import type { InsightEvent } from "./insight_event.ts";
import { type Place, resetRules, rowsOf } from "./place.ts";
import { leftOut, readProgress, silenceKnownUntil } from "./progress.ts";
import { readRules } from "./read_rules.ts";
import { type Rule, type RuleSource, SOURCES } from "./rule.ts";
import { SilenceClock } from "./silence_clock.ts";
import { isSilenceDue } from "./silence.ts";

/** Moments of the clock at which rules about silence are asked; this agent's own, never relayed. */
export const TICKS_TOPIC = "insights.ticks.v1";

/** A record of that topic. */
export interface Tick {
  /** Milliseconds since 1970. */
  readonly now_ms: number;
  /** Partitions of the figures' topic that were the sender's, with all that had come. */
  readonly parts: readonly number[];
}

const GROUPS = {
  "ai-learning-signals": "insights-rules-signals",
  "agent-metrics-events": "insights-rules-metrics",
  "agent-trace-events": "insights-rules-traces",
} as const satisfies Readonly<Record<RuleSource, string>>;

type Context = Pick<PluginContext, "topic" | "stream" | "producer" | "gauge" | "now" | "sleep" | "log">;

/** Registers the streams that find insights by the rules, and the clock that silence needs. */
export function registerRules(ctx: Context, settings: Settings, store: PluginStore): PluginHooks {
  const all = readRules(settings);
  const request = (event: InsightEvent): PublishRequest => ({
    topic: topicName(settings, "ai-insights"),
    key: event.tenant_id,
    value: { ...event },
    timestamp: Date.parse(event.timestamp),
  });
  const parts = new Set<number>();
  // All three, even without a rule: what a rule had that was removed must end.
  const [, metrics] = (["ai-learning-signals", "agent-metrics-events", "agent-trace-events"] as const).map((
    source,
  ) => registerStream(ctx, { source, settings, all, request, parts }));
  ctx.gauge({
    name: "rules_left_out",
    help: "Events that rules left out because they came too late, or their time is yet to come.",
    collect: () => store.read(leftOut),
  });
  const silent = all.filter(({ kind }) => kind === "silence");
  if (silent.length === 0 || metrics === undefined) return {};
  return registerClock(ctx, { settings, silent, request, parts, metrics, store });
}

interface StreamParts {
  source: RuleSource;
  settings: Settings;
  all: readonly Rule[];
  request(event: InsightEvent): PublishRequest;
  /** Partitions of the figures' topic that this agent has. */
  parts: Set<number>;
}

function registerStream(ctx: Context, { source, settings, all, request, parts }: StreamParts): StreamHandle {
  const rules = all.filter(({ kind }) => SOURCES[kind] === source);
  const isMetrics = source === SOURCES.silence;
  return ctx.stream<Envelope | null>({
    topics: [topicName(settings, source)],
    group: GROUPS[source],
    state: { reset: (tx, { partition }) => resetRules(tx, { source, part: partition }) },
    ...isMetrics && {
      onAssigned: (come) => come.forEach(({ partition }) => parts.add(partition)),
      onRevoked: (gone) => gone.forEach(({ partition }) => parts.delete(partition)),
    },
  }, ({ partition, records }) => {
    const events = records.flatMap(({ data }) => data === null ? [] : ruleEvent(rules, data) ?? []);
    const place: Place = { source, part: partition };
    const nowMs = ctx.now();
    return {
      write: (tx) => applyEvents(tx, events, { place, rules, nowMs, source: settings.source }).map(request),
    };
  });
}

function registerClock(
  ctx: Context,
  { settings, silent, request, parts, metrics, store }:
    & Pick<StreamParts, "settings" | "request" | "parts">
    & {
      silent: readonly Rule[];
      metrics: StreamHandle;
      store: PluginStore;
    },
): PluginHooks {
  ctx.topic({ name: TICKS_TOPIC, partitions: 1, localOnly: true, retentionMs: 0 });
  const placeOf = (part: number): Place => ({ source: SOURCES.silence, part });
  ctx.stream<Tick>({ topics: [TICKS_TOPIC], group: "insights-ticks", source: "local" }, ({ records }) => ({
    write: (tx) =>
      records.flatMap(({ data }) =>
        data.parts.flatMap((part) =>
          applyClock(tx, {
            place: placeOf(part),
            rules: silent,
            clockMs: data.now_ms,
            source: settings.source,
          })
        )
      ).map(request),
  }));
  const clock = new SilenceClock({
    ctx,
    store,
    ticks: ctx.producer(TICKS_TOPIC),
    events: metrics,
    partitions: () => [...parts],
    isDue(db, part, nowMs) {
      const place = placeOf(part);
      const { seenMs, clockMs } = readProgress(db, place);
      const at = { seenMs, clockMs: Math.max(clockMs ?? -Infinity, nowMs) };
      return silent.some((rule) =>
        isSilenceDue(db, rowsOf(place, rule), {
          knownMs: silenceKnownUntil(at, rule.latenessMs),
          afterMs: rule.windowMs,
        })
      );
    },
  });
  return { start: () => clock.start(), drain: () => clock.stop(), stop: () => clock.stop() };
}
