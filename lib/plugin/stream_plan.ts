import type { StreamSpec } from "../bus/stream/stream_options.ts";
import type { TopicNames } from "../bus/topic_names.ts";
import type { RegisteredStream } from "./registry.ts";

/** A registered stream with its defaults and its topics' real names, as it runs on the agent's thread or in a Worker. */
export function streamSpec(
  { name, group, options }: RegisteredStream,
  { names, inWorker }: { names: TopicNames; inWorker: boolean },
): StreamSpec {
  return {
    name,
    group,
    topics: options.topics.map((topic) => names.real(topic)),
    from: options.from ?? "earliest",
    maxRecords: options.maxRecords ?? 500,
    maxBytes: options.maxBytes ?? 1024 * 1024,
    lingerMs: options.lingerMs ?? 5,
    attempts: options.attempts ?? 5,
    concurrency: options.concurrency ?? (inWorker ? 1 : 8),
    delivery: options.delivery ?? "exactly-once",
    onFailure: options.onFailure ?? "dead-letter",
    values: options.values ?? "decoded",
    together: options.together ?? false,
    ...(options.outputTopic !== undefined && { outputTopic: options.outputTopic }),
  };
}
