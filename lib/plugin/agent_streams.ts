import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../bus/clock.ts";
import type { OwnGroup } from "../bus/lag_look.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../bus/stream/fences.ts";
import { withRowStore } from "../bus/stream/rows_first.ts";
import { Stream } from "../bus/stream/stream.ts";
import type { WorkerHost } from "../bus/worker/host.ts";
import { WorkerStream } from "../bus/worker/stream.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import type { TopicSpec } from "../bus/contract.ts";
import type { TopicValues } from "../bus/handler.ts";
import type { Transaction } from "../store/contract.ts";
import type { Health } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { RootMeter } from "../telemetry/meter.ts";
import type { StreamStatus } from "./host_contract.ts";
import type { RegisteredStream } from "./registry.ts";
import { type StopSteps, within } from "./steps.ts";
import { streamSpec } from "./stream_plan.ts";
import { WorkerRooms } from "./worker_rooms.ts";

/** Milliseconds a bus has to say how far a group is. */
const LAG_MS = 2_000;

/** What running the streams needs. */
export interface AgentStreamsOptions {
  registered: readonly RegisteredStream[];
  /** What plugins said of the values of topics, by logical name. */
  values: readonly (readonly [topic: string, values: TopicValues])[];
  bus: Bus;
  specs: readonly TopicSpec[];
  storeFile: string;
  powerSafe: boolean;
  /** Memory of the store's `WriteTurns`. */
  turns: SharedArrayBuffer;
  redaction?: AgentRedaction;
  log: Logger;
  meter: RootMeter;
  clock: Clock;
  random(): number;
  /** Streams that have a handler run here, though they could run in a Worker. Default false. */
  oneThread?: boolean;
}

interface Running {
  registered: RegisteredStream;
  source: "local" | "kafka";
  stream: Stream | WorkerStream;
}

/** All streams of an agent, here and in Workers. */
export class AgentStreams {
  readonly #running: Running[] = [];
  /** Names of streams that were paused when they ended for their plugin's next instance. */
  readonly #paused = new Set<string>();
  #options: AgentStreamsOptions;
  readonly #workers = new WorkerRooms(() => this.#options);
  #stopListening: (() => void) | undefined;
  /** Why the streams of the log wait. */
  #held: string | undefined;

  constructor(options: AgentStreamsOptions) {
    this.#options = options;
  }

  /**
   * Starts the streams of the local log, and the Workers.
   * @throws {Error} a Worker can't start.
   */
  async startLocal(): Promise<void> {
    const { bus, registered } = this.#options;
    await bus.log.store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    for (const each of registered) {
      if (bus.source(each.options.source ?? "bus").name === "local") this.#add(each);
    }
    this.#stopListening = bus.log.onAppend((topics) => this.#workers.appended(topics));
    await this.#refreshWorkers();
    this.#startAll("local");
  }

  /** Starts the streams of Kafka; a broker that is away is waited for. */
  startBus(): void {
    const { bus, registered } = this.#options;
    for (const each of registered) {
      if (bus.source(each.options.source ?? "bus").name === "kafka") this.#add(each);
    }
    this.#startAll("kafka");
  }

  /**
   * Finishes the batches under way of a plugin's streams and ends them; what is in the Worker that all share goes on
   * until `begin`.
   */
  async end(plugin: string, steps: StopSteps, signal: AbortSignal): Promise<void> {
    const its = this.#running.filter(({ registered }) => registered.plugin === plugin);
    // A stream that ends is paused no more.
    for (const { registered, stream } of its) if (stream.paused) this.#paused.add(registered.name);
    await steps.all(
      its,
      ({ registered }) => `stream ${registered.name}`,
      ({ stream }) => stream instanceof Stream ? stream.stop(signal) : undefined,
    );
    await this.#workers.end(plugin, steps, signal);
    for (const each of its) this.#running.splice(this.#running.indexOf(each), 1);
  }

  /**
   * Starts the streams that a plugin has registered now. A Worker is started again where something of it changes. What
   * was paused stays so.
   * @throws {Error} a Worker can't start so; it goes on as before, without the plugin's new streams.
   */
  async begin(plugin: string, now: Pick<AgentStreamsOptions, "values" | "specs">): Promise<void> {
    this.#options = { ...this.#options, ...now };
    const before = this.#running.length;
    for (const each of this.#options.registered) {
      if (each.plugin !== plugin) continue;
      this.#add(each);
      if (this.#paused.delete(each.name)) each.handle.pause();
    }
    const added = this.#running.slice(before);
    try {
      await this.#refreshWorkers();
    } catch (error) {
      for (const each of added) this.#running.splice(this.#running.indexOf(each), 1);
      throw error;
    }
    for (const { stream } of added) if (stream instanceof Stream) stream.start();
  }

  /**
   * Holds the streams of the local log, whose rows, outputs and offsets are written to this disk; what they read waits in
   * the log. Without a reason they go on. Those of Kafka are left alone: a member that held its partitions would keep them
   * from agents whose disks have room.
   */
  holdLocal(reason: string | undefined): void {
    this.#held = reason;
    this.#workers.hold(reason);
    for (const { source, stream } of this.#running) {
      if (source === "local" && stream instanceof Stream) stream.hold(reason);
    }
  }

  /** Waits until the local streams have handled what is in the log, then ends all streams and the Workers. */
  async stop(steps: StopSteps, signal: AbortSignal, { drain }: { drain: boolean }): Promise<void> {
    const name = ({ registered }: Running) => `stream ${registered.name}`;
    if (drain) {
      // One stream's outputs may be another's input: a second look finds what the first one's end has added.
      for (let look = 0; look < 2; look++) {
        const local = this.#running.filter(({ source, stream }) =>
          source === "local" && !stream.paused && !stream.failed && (look === 0 || stream.held === undefined)
        );
        await steps.all(local, name, ({ stream }) => this.#caughtUp(stream, signal));
      }
    }
    const here = this.#running.filter(({ stream }) => stream instanceof Stream);
    await steps.all(here, name, ({ stream }) => stream instanceof Stream ? stream.stop(signal) : undefined);
    await this.#workers.stop(steps, signal);
    this.#stopListening?.();
  }

  /** Health of the Workers and of each stream, by name. */
  health(): Record<string, Health> {
    const health = this.#workers.health();
    for (const { registered, stream } of this.#running) health[`stream ${registered.name}`] = stream.health();
    return health;
  }

  /** The groups that streams of this source are, by their topics' real names. */
  groupsOf(source: "local" | "kafka"): OwnGroup[] {
    const { bus, registered } = this.#options;
    return registered.filter(({ options }) => bus.source(options.source ?? "bus").name === source).map((
      { name, group, options },
    ) => ({ stream: name, group, topics: options.topics.map((topic) => bus.names.real(topic)) }));
  }

  /** State of each stream. A bus that does not answer leaves its lag unknown: -1. */
  status(): Promise<StreamStatus[]> {
    return Promise.all(this.#running.map(async ({ registered, source, stream }): Promise<StreamStatus> => {
      const partitions = await within(AbortSignal.timeout(LAG_MS), stream.partitions()).catch(() => null);
      return {
        name: registered.name,
        group: registered.group,
        topics: registered.options.topics,
        source,
        where: stream instanceof Stream ? "main" : "worker",
        paused: stream.paused,
        lag: partitions?.reduce((sum, each) => sum + each.lag, 0) ?? -1,
        partitions: partitions ?? [],
      };
    }));
  }

  async #refreshWorkers(): Promise<void> {
    await this.#workers.refresh((from, to) => {
      for (const each of this.#running) {
        if (!(each.stream instanceof WorkerStream) || each.stream.options.worker !== from) continue;
        each.stream = this.#inWorker(each.registered, to);
        each.registered.handle.bind(each.stream);
      }
    });
  }

  /** What waits for the disk is not waited for. */
  async #caughtUp(stream: Stream | WorkerStream, signal: AbortSignal): Promise<void> {
    const { held } = stream;
    if (held === undefined) return await stream.caughtUp(signal);
    const lag = await stream.lag();
    if (lag > 0) throw new Error(`${lag} records wait in the log, because ${held}; the next start goes on`);
  }

  #add(registered: RegisteredStream): void {
    const { bus } = this.#options;
    const { name: source } = bus.source(registered.options.source ?? "bus");
    const worker = this.#workers.hostOf(registered);
    const stream = worker ? this.#inWorker(registered, worker) : this.#here(registered);
    if (stream instanceof Stream && source === "local") stream.hold(this.#held);
    registered.handle.bind(stream);
    this.#running.push({ registered, source, stream });
  }

  #inWorker(registered: RegisteredStream, worker: WorkerHost): WorkerStream {
    const { bus, clock } = this.#options;
    const { options } = registered;
    return new WorkerStream({
      spec: streamSpec(registered, { names: bus.names, inWorker: true }),
      worker,
      log: bus.log,
      clock,
      hooks: options,
      state: options.state !== undefined,
    });
  }

  #here(registered: RegisteredStream): Stream {
    const { bus, log, meter, clock, random } = this.#options;
    const { name, options, handler, plugin } = registered;
    if (!handler) throw new Error(`Cannot run stream ${name} here: it has no handler`);
    return new Stream({
      spec: streamSpec(registered, { names: bus.names, inWorker: false }),
      driver: withRowStore(bus.source(options.source ?? "bus"), bus.log.store),
      handler,
      hooks: options,
      ...(options.state && {
        reset: (tx: Transaction, place: { topic: string; partition: number }) =>
          options.state?.reset(tx, place),
      }),
      realName: (topic) => bus.names.real(topic),
      logicalName: (topic) => bus.names.logical(topic),
      codecs: bus.codecs,
      log: log.child({ component: plugin }),
      meter,
      clock,
      random,
    });
  }

  #startAll(source: "local" | "kafka"): void {
    for (const each of this.#running) {
      if (each.source === source && each.stream instanceof Stream) each.stream.start();
    }
  }
}
