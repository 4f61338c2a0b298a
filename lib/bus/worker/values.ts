import type { CodecName } from "../codec.ts";
import type { TopicValues } from "../handler.ts";

/** What the values of a topic are, as far as it can be said in a Worker: code of a plugin's can't reach it. */
export interface WorkerValues {
  /** One of ours, or the name of one that stays on the agent's thread. */
  codec: CodecName | { foreign: string };
  /** JSON Schema they must match. */
  schema?: Readonly<Record<string, unknown>>;
}

type ByTopic<V> = (readonly [topic: string, values: V])[];

/** What plugins said of values, as it goes to the Worker. */
export function valuesForWorker(
  declared: readonly (readonly [string, TopicValues])[],
): ByTopic<WorkerValues> {
  return declared.map(([topic, { codec = "json", schema }]) => [
    topic,
    { codec: typeof codec === "string" ? codec : { foreign: codec.name }, ...(schema && { schema }) },
  ]);
}

/** The same, in the Worker. A foreign codec neither writes nor reads; bytes go as they are where no schema is checked. */
export function valuesInWorker(
  sent: readonly (readonly [topic: string, values: WorkerValues])[],
): ByTopic<TopicValues> {
  return sent.map(([topic, { codec, ...rest }]) => {
    if (typeof codec === "string") return [topic, { codec, ...rest }];
    const refuse = () => {
      throw new TypeError(
        `its codec ${codec.foreign} is a plugin's, which can't reach into a worker; ` +
          "use json, text or bytes, or a handler outside the worker",
      );
    };
    return [topic, { codec: { name: codec.foreign, encode: refuse, decode: refuse }, ...rest }];
  });
}
