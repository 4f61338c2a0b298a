import type { StreamHandler, StreamOptions, TopicValues } from "../bus/handler.ts";

/** What is wrong with a stream's options, completing "Cannot make stream x: "; `undefined`: nothing. */
export function streamProblem(options: StreamOptions, handler?: StreamHandler): string | undefined {
  const { worker, source, delivery, onFailure, values } = options;
  if (options.topics.length === 0) return "it reads no topic; name one in topics";
  const twice = options.topics.find((topic, at) => options.topics.indexOf(topic) !== at);
  if (twice !== undefined) return `it reads topic ${twice} twice; name it once`;
  if (handler === undefined && worker === undefined) {
    return "it needs a handler or a worker module; give one of them";
  }
  if (worker && handler === undefined) {
    if (source !== "local") {
      return 'a worker reads the local log alone; set source to "local", or give a handler for Kafka beside it';
    }
    if (options.onAssigned || options.onRevoked) {
      return "onAssigned and onRevoked can't reach into a worker; give a handler beside it, or leave them out";
    }
    if (options.state) return "state can't reach into a worker; give a handler beside it, or leave it out";
  }
  const { attempts, concurrency, maxRecords, maxBytes, lingerMs } = options;
  if (attempts !== undefined && !(attempts >= 1)) return `${attempts} attempts are none; give 1 or more`;
  for (const [name, value] of Object.entries({ concurrency, maxRecords, maxBytes })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      return `${name} is ${value}; give a whole number of 1 or more`;
    }
  }
  if (lingerMs !== undefined && !(lingerMs >= 0)) return `lingerMs is ${lingerMs}; give 0 or more`;
  return unknown("delivery", delivery, ["exactly-once", "at-least-once"]) ??
    unknown("onFailure", onFailure, ["dead-letter", "stop"]) ??
    unknown("source", source, ["bus", "local"]) ?? unknown("values", values, ["decoded", "bytes"]);
}

/** What is wrong with a stream, once it is known what the values of topics are; as `streamProblem`. */
export function valuesProblem(
  { worker, values, topics }: StreamOptions,
  declared: ReadonlyMap<string, TopicValues>,
): string | undefined {
  if (!worker || values === "bytes") return undefined;
  for (const topic of topics) {
    const codec = declared.get(topic)?.codec;
    if (typeof codec !== "object" || codec.worker) continue;
    return `topic ${topic} has a codec of a plugin's, ${codec.name}, which can't reach into a worker; ` +
      'set values to "bytes", or give a handler';
  }
  return undefined;
}

/** Plugins in plain JavaScript have no types to tell them. */
function unknown(name: string, value: string | undefined, known: readonly string[]): string | undefined {
  if (value === undefined || known.includes(value)) return undefined;
  return `${name} is "${value}"; give ${known.map((each) => `"${each}"`).join(" or ")}`;
}
