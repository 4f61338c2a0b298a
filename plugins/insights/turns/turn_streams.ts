import type { Batch, PublishRequest } from "capstan";
import type { TopicName } from "../events/catalog.ts";
import type { Envelope } from "../events/envelope.ts";
import { topicName } from "../events/topics.ts";
import type { EventStream, HandlerContext, StreamSettings } from "../streams/event_stream.ts";
import { openSqlAnalyser } from "../sql/analyser.ts";
import { auditEvent } from "./audit.ts";
import { decisionEvents } from "./decisions.ts";
import { lineageOf } from "./lineage.ts";
import { metricsEvent } from "./metrics.ts";
import { Prices } from "./prices.ts";
import { type SourceTurn, sourceTurn } from "./source_turn.ts";
import { thinkingEvents } from "./thinking.ts";
import { pairToolCalls } from "./tool_spans.ts";
import { turnSpanEvent } from "./turn_span.ts";
import { resetToolCalls } from "./waiting_tool_calls.ts";

const TURNS_TOPIC = "tapes.turns.v1";

/** Of one turn. */
const SQL_LIMITS = { maxStatements: 200, maxStrings: 10_000 };

/** What is sent of an event. */
function request(
  settings: StreamSettings,
  topic: TopicName,
  event: Envelope,
  from?: PublishRequest["from"],
): PublishRequest {
  return {
    topic: topicName(settings, topic),
    key: event.tenant_id,
    value: { ...event },
    timestamp: Date.parse(event.timestamp),
    from,
  };
}

/** Makes events of recorded turns, each by itself. */
export function turnsStream(ctx: HandlerContext, settings: StreamSettings): EventStream {
  const prices = new Prices(
    Object.entries(settings.prices).map(([name, price]) => ({ ...price, model: price.model ?? name })),
  );
  const subagents = new Set(settings.subagent_tools);
  const omitted = ctx.counter({
    name: "lineage_omitted_total",
    help: "SQL statements found in turns beyond those that are read.",
  });
  // Loads its parser when the first SQL comes.
  const analyser = openSqlAnalyser({ dialect: settings.sql_dialect });

  return {
    options: { topics: [TURNS_TOPIC] },
    async handler({ records }) {
      const requests: PublishRequest[] = [];
      for (const record of records) {
        const turn = sourceTurn(record, settings.source);
        if (turn === null) continue;
        const send = (topic: TopicName, events: readonly Envelope[]) =>
          requests.push(...events.map((event) => request(settings, topic, event, record)));
        send("agent-thinking-events", thinkingEvents(turn));
        send("agent-decision-events", decisionEvents(turn, subagents));
        send("agent-trace-events", [turnSpanEvent(turn)]);
        send("agent-metrics-events", [metricsEvent(turn, { prices, currency: settings.currency })]);
        send("audit-events", [auditEvent(turn)]);
        const lineage = await lineageOf(turn, analyser, SQL_LIMITS);
        if (lineage.omitted > 0) omitted.inc(undefined, lineage.omitted);
        send("query-lineage-events", lineage.events);
      }
      return requests;
    },
  };
}

/** Makes spans of tool calls, whose results a later turn brings. */
export function toolCallsStream(_: HandlerContext, settings: StreamSettings): EventStream {
  return {
    options: {
      topics: [TURNS_TOPIC],
      state: { reset: (tx, { partition }) => resetToolCalls(tx, partition) },
    },
    handler(batch) {
      const turns = turnsOf(batch, settings.source);
      return {
        write(tx) {
          const spans = pairToolCalls(tx, turns, {
            part: batch.partition,
            waitMs: settings.tool_result_wait,
          });
          return spans.map((span) => request(settings, "agent-trace-events", span));
        },
      };
    },
  };
}

function turnsOf({ records }: Batch, source: string): SourceTurn[] {
  return records.flatMap((record) => sourceTurn(record, source) ?? []);
}
