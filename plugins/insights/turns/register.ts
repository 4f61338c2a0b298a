import type { Batch, PluginContext, PublishRequest } from "capstan";
import type { TopicName } from "../events/catalog.ts";
import type { Envelope } from "../events/envelope.ts";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { auditEvent } from "./audit.ts";
import { decisionEvents } from "./decisions.ts";
import { metricsEvent } from "./metrics.ts";
import { Prices } from "./prices.ts";
import { type SourceTurn, sourceTurn } from "./source_turn.ts";
import { thinkingEvents } from "./thinking.ts";
import { pairToolCalls } from "./tool_spans.ts";
import { turnSpanEvent } from "./turn_span.ts";
import { resetToolCalls } from "./waiting_tool_calls.ts";

const TURNS_TOPIC = "tapes.turns.v1";

/** Registers the streams that make events of recorded turns. */
export function registerTurns(ctx: PluginContext, settings: Settings): void {
  const prices = new Prices(
    Object.entries(settings.prices).map(([name, price]) => ({ ...price, model: price.model ?? name })),
  );
  const subagents = new Set(settings.subagent_tools);
  const request = (topic: TopicName, event: Envelope, from?: PublishRequest["from"]): PublishRequest => ({
    topic: topicName(settings, topic),
    key: event.tenant_id,
    value: { ...event },
    timestamp: Date.parse(event.timestamp),
    from,
  });

  ctx.stream(
    { topics: [TURNS_TOPIC], group: "insights-turns" },
    (batch) =>
      batch.records.flatMap((record) => {
        const turn = sourceTurn(record, settings.source);
        if (turn === null) return [];
        const send = (topic: TopicName, events: readonly Envelope[]) =>
          events.map((event) => request(topic, event, record));
        return [
          ...send("agent-thinking-events", thinkingEvents(turn)),
          ...send("agent-decision-events", decisionEvents(turn, subagents)),
          ...send("agent-trace-events", [turnSpanEvent(turn)]),
          ...send("agent-metrics-events", [metricsEvent(turn, { prices, currency: settings.currency })]),
          ...send("audit-events", [auditEvent(turn)]),
        ];
      }),
  );

  ctx.stream({
    topics: [TURNS_TOPIC],
    group: "insights-tool-calls",
    state: { reset: (tx, { partition }) => resetToolCalls(tx, partition) },
  }, (batch) => {
    const turns = turnsOf(batch, settings.source);
    return {
      write(tx) {
        const spans = pairToolCalls(tx, turns, { part: batch.partition, waitMs: settings.tool_result_wait });
        return spans.map((span) => request("agent-trace-events", span));
      },
    };
  });
}

function turnsOf({ records }: Batch, source: string): SourceTurn[] {
  return records.flatMap((record) => sourceTurn(record, source) ?? []);
}
