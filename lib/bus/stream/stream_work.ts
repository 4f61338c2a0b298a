import type { Logger } from "../../telemetry/logger.ts";
import { TopicCodecs } from "../topic_codecs.ts";
import type { StreamMetrics } from "./metrics.ts";
import type { StreamOptions } from "./stream_options.ts";
import type { Troubles } from "./troubles.ts";
import { StreamWork, type WorkEvents } from "./work.ts";

/** Where a stream's work says what happens to it. */
export interface StreamWorkParts extends Pick<WorkEvents, "handled" | "deadLettered"> {
  readonly log: Logger;
  readonly metrics: StreamMetrics;
  readonly troubles: Troubles;
}

/** The work of a stream: its handler with retries, dead letters and commits, counted and logged. */
export function streamWork(
  options: StreamOptions,
  { log, metrics, troubles, handled, deadLettered }: StreamWorkParts,
): StreamWork {
  const { spec, driver, codecs } = options;
  return new StreamWork({
    ...options,
    codecs: codecs ?? new TopicCodecs(),
    values: codecs ? spec.values : "bytes",
    group: spec.group,
    attempts: spec.attempts,
    onFailure: spec.onFailure,
    outputTopic: spec.outputTopic,
    isRetryable: (error) => driver.isRetryable(error),
    events: {
      handled,
      deadLettered,
      retrying: (error, attempt, delayMs) => {
        metrics.retried();
        log.warn("A batch failed and is tried again.", {
          attempt,
          delay_ms: Math.round(delayMs),
          error,
        });
      },
      commitFailing: ({ topic, partition }, error, attempt, delayMs) => {
        metrics.commitFailed();
        const sentence = "A commit failed; it is tried again.";
        troubles.add({ key: `commit ${partition}/${topic}`, sentence, error, attempt, delayMs });
      },
    },
  });
}
