import { CODECS } from "../../bus/codec.ts";
import { systemClock } from "../../bus/clock.ts";
import type { OutgoingValue } from "../../bus/handler.ts";
import type { Redaction } from "../../bus/redaction.ts";
import { TopicCodec, TopicCodecs } from "../../bus/topic_codecs.ts";
import { guardSecrets } from "../../config/secret.ts";
import type { Health } from "../../telemetry/health.ts";
import { errorChain } from "../../telemetry/plain.ts";
import type { Plugin, PluginHooks } from "../contract.ts";
import { type Answer, Calls } from "./calls.ts";
import { receiveRequest, sendResponse } from "./http_message.ts";
import type {
  AgentCalls,
  Described,
  FromWorker,
  Opening,
  SentCodec,
  Tidings,
  WorkerCalls,
} from "./protocol.ts";
import { handleBatch } from "./worker_batch.ts";
import { type WorkerContext, workerContext } from "./worker_context.ts";

/** Milliseconds between two reports of metrics and health while nothing happens. */
const REPORT_MS = 250;

/** One life of a plugin in the Worker: from `setup` to `stop`. */
export class WorkerSession {
  readonly calls: Calls<WorkerCalls, AgentCalls>;
  readonly #opening: Opening;
  readonly #post: (message: FromWorker) => void;
  readonly #context: WorkerContext;
  readonly #foreign = new Set<string>();
  #codecs = new TopicCodecs();
  #hooks: PluginHooks = {};
  #tidings: Tidings;
  /** Milliseconds the agent's clock is ahead of this thread's. */
  #ahead = 0;
  #running = false;
  #said = "";
  #reporting: ReturnType<typeof setInterval> | undefined;

  /** Nothing happens before `setUp`. */
  constructor(
    opening: Opening,
    tidings: Tidings,
    post: (message: FromWorker, transfer?: ArrayBuffer[]) => void,
    redact: Redaction,
  ) {
    this.#opening = opening;
    this.#post = post;
    this.#tidings = tidings;
    this.hear(tidings);
    this.calls = new Calls<WorkerCalls, AgentCalls>({
      post,
      answer: (name, ask, signal) => this.#answer({ name, ask } as Asked, signal),
    });
    this.#context = workerContext({
      plugin: opening.plugin,
      calls: this.calls,
      redact,
      post,
      tidings: () => this.#tidings,
      now: () => systemClock.now() + this.#ahead,
      isRunning: () => this.#running,
      encode: (topic, value) => this.#encode(topic, value),
    });
  }

  /**
   * Runs the plugin's `setup`.
   * @throws what it throws, or what it can't have here.
   */
  setUp(plugin: Plugin): Described {
    const { settings } = this.#opening;
    // On their way here they lost what hides them in print.
    guardSecrets(plugin.config ?? {}, settings);
    const hooks = plugin.setup(this.#context.context, settings) ?? {};
    this.#hooks = hooks;
    this.#context.seal();
    return {
      registrations: this.#context.registrations,
      hooks: {
        start: hooks.start !== undefined,
        drain: hooks.drain !== undefined,
        stop: hooks.stop !== undefined,
        lost: hooks.lost !== undefined,
        health: hooks.health !== undefined,
      },
    };
  }

  /** From now on it may send, and reports. */
  run(codecs: readonly (readonly [topic: string, codec: SentCodec])[]): void {
    const known: [string, TopicCodec][] = [];
    for (const [topic, codec] of codecs) {
      if (codec === "foreign") this.#foreign.add(topic);
      else known.push([topic, new TopicCodec(topic, CODECS[codec])]);
    }
    this.#codecs = new TopicCodecs(known);
    this.#running = true;
    this.#reporting = setInterval(() => this.report({ gauges: true }), REPORT_MS);
    this.report({ gauges: true });
  }

  /** What the agent told. */
  hear(tidings: Tidings): void {
    this.#tidings = tidings;
    this.#ahead = tidings.now - systemClock.now();
  }

  /** Tells the agent what was measured and how the plugin is, where that is news. */
  report(options: { gauges: boolean }): void {
    const samples = this.#context.take(options);
    const health = this.#health();
    const now = JSON.stringify(health) ?? "";
    if (samples.length === 0 && now === this.#said) return;
    this.#said = now;
    this.#post({ kind: "report", samples, health });
  }

  #health(): Health | undefined {
    try {
      return this.#hooks.health?.();
    } catch (error) {
      return { status: "failed", detail: `its health can't be told: ${errorChain(error)}` };
    }
  }

  #encode(topic: string, value: OutgoingValue): Uint8Array | null | undefined {
    return this.#foreign.has(topic) ? undefined : this.#codecs.of(topic).encode(value);
  }

  async #answer(asked: Asked, signal: AbortSignal): Promise<Answer> {
    this.hear({ now: asked.ask.now, storage: asked.ask.storage });
    try {
      // What a plugin does before its first `await` it does within this very call, which has a time limit.
      return await this.#do(asked, signal);
    } finally {
      this.report({ gauges: asked.name !== "batch" });
    }
  }

  #do(asked: Asked, signal: AbortSignal): Answer | Promise<Answer> {
    const { plugin } = this.#opening;
    if (asked.name === "batch") {
      const { handler, options } = this.#streamAt(asked.ask.stream);
      if (handler === undefined) {
        throw new RangeError(`Cannot handle a batch for ${plugin}: it has no handler`);
      }
      const encode = (topic: string, value: OutgoingValue) => this.#encode(topic, value);
      return handleBatch(asked.ask, signal, { plugin, handler, outputTopic: options.outputTopic, encode });
    }
    if (asked.name === "route") return this.#route(asked.ask, signal);
    if (asked.name === "stop") return this.#stop();
    return done(this.#call(asked, signal));
  }

  async #route(ask: AgentCalls["route"]["ask"], signal: AbortSignal): Promise<Answer> {
    const handler = this.#context.routes[ask.route];
    if (handler === undefined) throw new RangeError(`Cannot answer: there is no route ${ask.route}`);
    const answer = await sendResponse(
      await handler(receiveRequest(ask.request, signal), ask.params, ask.caller),
    );
    return { answer, ...(answer.body && { transfer: [answer.body] }) };
  }

  async #stop(): Promise<Answer> {
    await this.#hooks.stop?.();
    clearInterval(this.#reporting);
    this.report({ gauges: true });
    return { answer: this.#hooks.lost?.() ?? [] };
  }

  #call(
    asked: Exclude<Asked, { name: "batch" | "route" | "stop" }>,
    signal: AbortSignal,
  ): void | Promise<void> {
    if (asked.name === "start") return this.#hooks.start?.(signal);
    if (asked.name === "drain") return this.#hooks.drain?.(signal);
    const { options } = this.#streamAt(asked.ask.stream);
    return asked.name === "assigned"
      ? options.onAssigned?.(asked.ask.partitions)
      : options.onRevoked?.(asked.ask.partitions);
  }

  #streamAt(at: number): WorkerContext["streams"][number] {
    const stream = this.#context.streams[at];
    if (stream === undefined) throw new RangeError(`Cannot find stream ${at}: the plugin has none such`);
    return stream;
  }
}

/** A question of the agent's, by its name. */
type Asked = { [K in keyof AgentCalls]: { name: K; ask: AgentCalls[K]["ask"] } }[keyof AgentCalls];

async function done(work: void | Promise<void>): Promise<Answer> {
  await work;
  return { answer: undefined };
}
