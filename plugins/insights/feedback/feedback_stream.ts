import { topicName } from "../events/topics.ts";
import type { EventStream, HandlerContext, StreamSettings } from "../streams/event_stream.ts";
import { join } from "./join.ts";
import { type FeedbackEvent, resetFeedback, resetTurns, type TurnSpanEvent } from "./joined_rows.ts";

/** Half of a join may come well before the other: nobody waits for these. */
const LINGER_MS = 50;

/**
 * Joins feedback to the turns it judges. Both topics are keyed by tenant and have as many partitions, so that both sides
 * of a join are in partitions of one number, which one agent reads.
 */
export function feedbackStream(
  ctx: HandlerContext,
  settings: StreamSettings,
): EventStream<FeedbackEvent | TurnSpanEvent | null> {
  const feedback = topicName(settings, "ai-feedback-events");
  return {
    options: {
      topics: [feedback, topicName(settings, "agent-trace-events")],
      together: true,
      lingerMs: LINGER_MS,
      state: {
        reset: (tx, { topic, partition }) =>
          topic === feedback ? resetFeedback(tx, partition) : resetTurns(tx, partition),
      },
    },
    handler({ partition, records }) {
      const events = records.flatMap(({ data }) => data ?? []);
      const nowMs = ctx.now();
      return {
        write(tx) {
          const signals = join(tx, events, {
            part: partition,
            waitMs: settings.feedback_wait,
            source: settings.source,
            nowMs,
          });
          return signals.map((event) => ({
            topic: topicName(settings, "ai-learning-signals"),
            key: event.tenant_id,
            value: { ...event },
            timestamp: Date.parse(event.timestamp),
          }));
        },
      };
    },
  };
}
