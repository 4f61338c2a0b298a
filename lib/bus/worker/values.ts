import type { CodecName } from "../codec.ts";
import type { Codec, CodecFactory, TopicValues } from "../handler.ts";
import { errorChain } from "../../telemetry/plain.ts";

/** What the values of a topic are, as far as it can be said in a Worker: code of a plugin's can't reach it. */
export interface WorkerValues {
  /** One of ours, or the name of a plugin's: with the module that makes it, or it stays on the agent's thread. */
  codec: CodecName | { foreign: string; module?: string; options?: unknown };
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
    { codec: typeof codec === "string" ? codec : sentCodec(codec), ...(schema && { schema }) },
  ]);
}

function sentCodec({ name, worker }: Codec): WorkerValues["codec"] {
  return { foreign: name, ...(worker && { module: worker.module.href, options: worker.options }) };
}

/**
 * The same, in the Worker. A foreign codec without a module neither writes nor reads; bytes go as they are where no schema
 * is checked.
 * @throws {Error} a codec's module can't be loaded.
 */
export async function valuesInWorker(
  sent: readonly (readonly [topic: string, values: WorkerValues])[],
): Promise<ByTopic<TopicValues>> {
  return await Promise.all(sent.map(async ([topic, { codec, ...rest }]): Promise<[string, TopicValues]> => {
    if (typeof codec === "string") return [topic, { codec, ...rest }];
    if (codec.module !== undefined) {
      return [topic, { codec: await loadCodec(topic, codec.module, codec.options), ...rest }];
    }
    const refuse = () => {
      throw new TypeError(
        `its codec ${codec.foreign} is a plugin's, which can't reach into a worker; ` +
          "use json, text or bytes, or a handler outside the worker",
      );
    };
    return [topic, { codec: { name: codec.foreign, encode: refuse, decode: refuse }, ...rest }];
  }));
}

async function loadCodec(topic: string, module: string, options: unknown): Promise<Codec> {
  let made: unknown;
  try {
    const loaded: { default?: unknown } = await import(module);
    made = loaded.default;
  } catch (cause) {
    throw new Error(`Cannot load the codec of topic ${topic}: ${errorChain(cause)}`, { cause });
  }
  if (isFactory(made)) return made(options);
  throw new Error(`Cannot load the codec of topic ${topic}: ${module} has no function as default export`);
}

function isFactory(value: unknown): value is CodecFactory {
  return typeof value === "function";
}
