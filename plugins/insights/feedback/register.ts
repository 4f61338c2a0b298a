import type { PluginContext } from "capstan";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { join } from "./join.ts";
import { type FeedbackEvent, resetFeedback, resetTurns, type TurnSpanEvent } from "./joined_rows.ts";

/** Half of a join may come well before the other: nobody waits for these. */
const LINGER_MS = 50;

/**
 * Registers the stream that joins feedback to the turns it judges. Both topics are keyed by tenant and have as many
 * partitions, so that both sides of a join are in partitions of one number, which one agent reads.
 */
export function registerFeedback(ctx: Pick<PluginContext, "stream" | "now">, settings: Settings): void {
  const feedback = topicName(settings, "ai-feedback-events");
  ctx.stream<FeedbackEvent | TurnSpanEvent | null>({
    topics: [feedback, topicName(settings, "agent-trace-events")],
    group: "insights-feedback",
    together: true,
    lingerMs: LINGER_MS,
    state: {
      reset: (tx, { topic, partition }) =>
        topic === feedback ? resetFeedback(tx, partition) : resetTurns(tx, partition),
    },
  }, ({ partition, records }) => {
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
  });
}
