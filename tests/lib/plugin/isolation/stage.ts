import { fileURLToPath } from "node:url";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { topicCodecs } from "../../../../lib/bus/topic_codecs.ts";
import type {
  Batch,
  HandlerReturn,
  PublishRequest,
  StreamHandler,
  StreamOptions,
  TopicValues,
} from "../../../../lib/bus/handler.ts";
import type { BusRecord } from "../../../../lib/bus/contract.ts";
import { decodeRecords } from "../../../../lib/bus/stream/decode.ts";
import type { DeclaringContext } from "../../../../lib/plugin/context.ts";
import type { PluginHooks, RouteHandler } from "../../../../lib/plugin/contract.ts";
import {
  type LoadIsolatedOptions,
  loadIsolatedPlugin,
} from "../../../../lib/plugin/isolation/load_isolated_plugin.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { type DrivenClock, drivenClock } from "./driven_clock.ts";

/** Milliseconds a handler may take on the stage; the clock decides when they are over. */
export const TIMEOUT_MS = 60_000;

/** An isolated plugin with a stand-in for the agent around it. */
export interface Stage extends AsyncDisposable {
  hooks: PluginHooks;
  clock: DrivenClock;
  lines: string[];
  streams: { options: StreamOptions; handler: StreamHandler }[];
  routes: Map<string, RouteHandler>;
  topics: string[];
  /** What was sent, by whom. */
  sent: (PublishRequest & { how: string })[];
  calls: string[];
  storage: { accepting: boolean; reason?: string };
  /** Hands these values to the first stream, as JSON records of one partition; what it said has failed comes along. */
  handle(
    values: readonly unknown[],
    options?: { signal?: AbortSignal; partition?: number },
  ): Promise<{ returned: HandlerReturn; failed: [number, unknown][] }>;
  metrics(): Promise<string>;
}

/** Sets up a plugin of `plugins/` in a Worker. */
export async function stage(
  name: string,
  { settings = {}, ...changes }: Partial<LoadIsolatedOptions> & { settings?: Record<string, string> } = {},
): Promise<Stage> {
  const folder = fileURLToPath(new URL("./plugins", import.meta.url));
  const clock = drivenClock();
  const plugin = await loadIsolatedPlugin({
    name,
    path: `${folder}/${name}.ts`,
    handlerTimeoutMs: TIMEOUT_MS,
    permissions: {},
    random: () => 1,
    ...changes,
  });
  const lines: string[] = [];
  const meter = createMeter();
  const values: [string, TopicValues][] = [];
  const sent: Stage["sent"] = [];
  const made: Pick<Stage, "streams" | "routes" | "topics" | "calls" | "storage"> = {
    streams: [],
    routes: new Map(),
    topics: [],
    calls: [],
    storage: { accepting: true },
  };
  const taking = (how: string, request: PublishRequest) => {
    if (!made.storage.accepting) {
      return Promise.reject(
        Object.assign(new Error("disk is full"), { name: "StoreError", failure: "full" }),
      );
    }
    sent.push({ ...request, how });
    return Promise.resolve({ topic: request.topic, partition: 0, offset: sent.length - 1 });
  };
  const refuse = () => {
    throw new Error("an isolated plugin asked for what it can't have");
  };
  const ctx: DeclaringContext = {
    log: createLogger({ level: "debug", format: "json", sink: (line) => lines.push(line) }),
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    topic: (spec, of = {}) => {
      made.topics.push(spec.name);
      values.push([spec.name, of]);
    },
    declaredValues: () => values,
    redact: NO_REDACTION,
    redactionData: () => undefined,
    producer: (topic) => ({ send: (value, rest) => taking("producer", { ...rest, topic, value }) }),
    append: (topic, record) => taking("append", { ...record, topic }),
    storage: () => made.storage,
    stream: (options, handler) => {
      if (handler) made.streams.push({ options, handler });
      return {
        pause: () => void made.calls.push("pause"),
        resume: () => void made.calls.push("resume"),
        caughtUp: () => Promise.resolve(),
        lag: () => Promise.resolve(7),
        rebuild: () => Promise.resolve({ partitions: 0, records: 0 }),
      };
    },
    store: refuse,
    serve: refuse,
    command: refuse,
    onErase: () => {},
    route: (method, path, handler) => void made.routes.set(`${method} ${path}`, handler),
    counter: (metric) => meter.counter(metric),
    gauge: (metric) => meter.gauge(metric),
    histogram: (metric) => meter.histogram(metric),
  };
  const hooks = plugin.setup(ctx, settings) ?? {};
  const codecs = await topicCodecs(values);
  let offset = 0;
  return Object.assign(made, {
    hooks,
    clock,
    lines,
    sent,
    async handle(
      data: readonly unknown[],
      { signal = new AbortController().signal, partition = 0 }: { signal?: AbortSignal; partition?: number } =
        {},
    ) {
      const topic = "quiet.v1";
      const records = data.map((value): BusRecord => ({
        topic,
        partition,
        offset: offset++,
        key: new TextEncoder().encode("key"),
        value: value === null ? null : new TextEncoder().encode(JSON.stringify(value)),
        headers: [["trace", new Uint8Array([1, 2])]],
        timestamp: 3,
      }));
      const failed: [number, unknown][] = [];
      const batch: Batch = {
        topic,
        partition,
        records: decodeRecords(records, { topic, codec: codecs.of(topic) }).records,
        signal,
        fail: (record, cause) => void failed.push([record.offset - (records[0]?.offset ?? 0), cause]),
      };
      const returned = await made.streams[0]?.handler(batch);
      return { returned, failed };
    },
    metrics: () => meter.text(),
    [Symbol.asyncDispose]: async () => void await hooks.stop?.(),
  });
}
