import type { OutgoingValue, StreamHandler, StreamOptions } from "../../bus/handler.ts";
import type { Redaction } from "../../bus/redaction.ts";
import type { PluginContext, RouteHandler } from "../contract.ts";
import type { Calls } from "./calls.ts";
import type { AgentCalls, FromWorker, Registration, Tidings, WorkerCalls } from "./protocol.ts";
import { refusal } from "./refusal.ts";
import { SendQueue } from "./send_queue.ts";
import { workerLogger } from "./worker_logger.ts";
import { workerMetrics } from "./worker_metrics.ts";

/** What a context in the Worker is made of. */
export interface WorkerContextOptions {
  plugin: string;
  calls: Calls<WorkerCalls, AgentCalls>;
  redact: Redaction;
  post(message: FromWorker): void;
  /** What the agent last told. */
  tidings(): Tidings;
  /** Milliseconds by the agent's clock. */
  now(): number;
  /** Whether the plugin works yet; before, nothing can be sent. */
  isRunning(): boolean;
  encode(topic: string, value: OutgoingValue): Uint8Array | null | undefined;
}

/** A plugin's context in the Worker, and what was registered with it. */
export interface WorkerContext extends Pick<ReturnType<typeof workerMetrics>, "take"> {
  context: PluginContext;
  registrations: Registration[];
  streams: { options: StreamOptions; handler: StreamHandler | undefined }[];
  routes: RouteHandler[];
  /** `setup` is over. */
  seal(): void;
}

/** A context that does in the agent's thread what it is told here. */
export function workerContext(options: WorkerContextOptions): WorkerContext {
  const { plugin, calls, post, tidings, encode } = options;
  const registrations: Registration[] = [];
  const streams: WorkerContext["streams"] = [];
  const routes: RouteHandler[] = [];
  let sealed = false;
  const metrics = workerMetrics((metric) => {
    if (!sealed) registrations.push(metric);
  });
  const queue = new SendQueue({ calls, encode });
  const registering = (what: string) => {
    if (sealed) throw new Error(`Cannot add ${what} for ${plugin}: its setup is over; do it in setup`);
  };
  const send = async (verb: string, ...args: Parameters<SendQueue["send"]>) => {
    if (options.isRunning()) return await queue.send(...args);
    throw new Error(`Cannot ${verb} for ${plugin}: the agent does not run; do it from start on, before stop`);
  };
  const context: PluginContext = {
    log: workerLogger(post),
    redact: options.redact,
    now: () => options.now(),
    async sleep(ms, signal) {
      if (!signal?.aborted) await calls.call("sleep", { ms }, { signal });
    },
    topic: (spec, values) => {
      registering(`topic ${spec.name}`);
      if (typeof values?.codec === "object") {
        throw refusal(plugin, "codec", `the codec ${values.codec.name} of topic ${spec.name}`);
      }
      registrations.push({ kind: "topic", spec, values });
    },
    producer: (topic) => ({
      send: (value, rest) => send("publish", "producer", { ...rest, topic, value }),
    }),
    append: (topic, record, how) => send("append", "append", { ...record, topic }, how?.signal),
    storage: () => tidings().storage,
    stream: (stream, handler) => {
      registering("a stream");
      const { onAssigned, onRevoked, state, worker, ...plain } = stream;
      const name = `of the stream over ${stream.topics.join(", ")}`;
      if (state) throw refusal(plugin, "state", `the state ${name}`);
      if (worker) throw refusal(plugin, "worker", `the worker module ${name}`);
      registrations.push({
        kind: "stream",
        options: plain,
        handles: handler !== undefined,
        assigned: onAssigned !== undefined,
        revoked: onRevoked !== undefined,
      });
      const at = streams.push({ options: stream, handler }) - 1;
      return {
        pause: () => post({ kind: "pause", stream: at }),
        resume: () => post({ kind: "resume", stream: at }),
        caughtUp: (signal) => calls.call("caughtUp", { stream: at }, { signal }),
        lag: () => calls.call("lag", { stream: at }),
        rebuild: () => Promise.reject(refusal(plugin, "state", `the state ${name}`)),
      };
    },
    store: () => {
      throw refusal(plugin, "store", "a store");
    },
    route: (method, path, handler, { role } = {}) => {
      registering(`route ${method} ${path}`);
      registrations.push({ kind: "route", method, path, ...(role && { role }) });
      routes.push(handler);
    },
    serve: ({ name }) => {
      throw refusal(plugin, "listener", `the listener ${name}`);
    },
    command: ({ path }) => {
      throw refusal(plugin, "command", `the command "${path}"`);
    },
    onErase: () => {
      throw refusal(plugin, "erasure", "a handler of erasures");
    },
    counter: (metric) => metrics.counter(metric),
    gauge: (metric) => metrics.gauge(metric),
    histogram: (metric) => metrics.histogram(metric),
  };
  return { context, registrations, streams, routes, seal: () => void (sealed = true), take: metrics.take };
}
