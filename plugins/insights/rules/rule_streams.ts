import type { PublishRequest } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import { topicName } from "../events/topics.ts";
import type { EventStream, HandlerContext, StreamSettings } from "../streams/event_stream.ts";
import { type Applied, applyEvents, ruleEvent, takeClockFact } from "./apply_events.ts";
import { clockFactOf, type ClockRecord, clockRequests, clockTopicName } from "./clock_topic.ts";
import { type Place, resetRules } from "./place.ts";
import { readRules } from "./read_rules.ts";
import { type RuleSource, SOURCES } from "./rule.ts";

/** Finds insights by the rules that look at one topic. */
export function rulesStream(
  ctx: HandlerContext,
  settings: StreamSettings,
  source: RuleSource,
): EventStream<Envelope | ClockRecord | null> {
  const topic = topicName(settings, source);
  const rules = readRules(settings).filter(({ kind }) => SOURCES[kind] === source);
  return {
    options: {
      // What the clock told goes where the events go that it was told of.
      topics: [topic, clockTopicName(settings)],
      together: true,
      state: {
        reset: (tx, place) => place.topic === topic && resetRules(tx, { source, part: place.partition }),
      },
    },
    handler({ topic: from, partition, records }) {
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
      return {
        write: (tx) =>
          ruleRequests(settings, { ...options, nowMs }, applyEvents(tx, read, { ...options, nowMs })),
      };
    },
  };
}

/** What is sent of what was found in a place at a time. */
export function ruleRequests(
  settings: StreamSettings,
  { place, nowMs }: { place: Place; nowMs: number },
  { insights, facts }: Applied,
): PublishRequest[] {
  return [
    ...insights.map((event) => ({
      topic: topicName(settings, "ai-insights"),
      key: event.tenant_id,
      value: { ...event },
      timestamp: Date.parse(event.timestamp),
    })),
    ...clockRequests(settings, place, facts, nowMs),
  ];
}
