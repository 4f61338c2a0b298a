import { isDeepStrictEqual } from "node:util";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../bus/clock.ts";
import type { OwnGroup } from "../bus/lag_look.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../bus/stream/fences.ts";
import { withRowStore } from "../bus/stream/rows_first.ts";
import { Stream } from "../bus/stream/stream.ts";
import { WorkerHost, type WorkerHostOptions } from "../bus/worker/host.ts";
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
import { workerStart } from "./worker_start.ts";

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
}

interface Running {
  registered: RegisteredStream;
  source: "local" | "kafka";
  stream: Stream | WorkerStream;
}

/** All streams of an agent, here and in the Worker. */
export class AgentStreams {
  readonly #running: Running[] = [];
  /** Names of streams that were paused when they ended for their plugin's next instance. */
  readonly #paused = new Set<string>();
  #options: AgentStreamsOptions;
  #worker: WorkerHost;
  /** What the Worker was started with. */
  #workerStart: WorkerHostOptions["start"];
  #stopListening: (() => void) | undefined;
  /** Why the streams of the log wait. */
  #held: string | undefined;

  constructor(options: AgentStreamsOptions) {
    this.#options = options;
    this.#workerStart = workerStart(this.#options);
    this.#worker = this.#makeWorker(this.#workerStart);
  }

  /**
   * Starts the streams of the local log, and the Worker.
   * @throws {Error} the Worker can't start.
   */
  async startLocal(): Promise<void> {
    const { bus, registered } = this.#options;
    await bus.log.store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    for (const each of registered) {
      if (bus.source(each.options.source ?? "bus").name === "local") this.#add(each);
    }
    this.#stopListening = bus.log.onAppend((topics) => this.#worker.appended(topics));
    await this.#worker.start();
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

  /** Finishes the batches under way of a plugin's streams and ends them; what is in the Worker goes on until `begin`. */
  async end(plugin: string, steps: StopSteps, signal: AbortSignal): Promise<void> {
    const its = this.#running.filter(({ registered }) => registered.plugin === plugin);
    // A stream that ends is paused no more.
    for (const { registered, stream } of its) if (stream.paused) this.#paused.add(registered.name);
    await steps.all(
      its,
      ({ registered }) => `stream ${registered.name}`,
      ({ stream }) => stream instanceof Stream ? stream.stop(signal) : undefined,
    );
    for (const each of its) this.#running.splice(this.#running.indexOf(each), 1);
  }

  /**
   * Starts the streams that a plugin has registered now. The Worker is started again where something of it changes. What
   * was paused stays so.
   * @throws {Error} the Worker can't start so; it goes on as before, without the plugin's new streams.
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
      await this.#refreshWorker();
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
    this.#worker.hold(reason);
    for (const { source, stream } of this.#running) {
      if (source === "local" && stream instanceof Stream) stream.hold(reason);
    }
  }

  /** Waits until the local streams have handled what is in the log, then ends all streams and the Worker. */
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
    await steps.run("background worker", () => this.#worker.stop(signal));
    this.#stopListening?.();
  }

  /** Health of the Worker and of each stream, by name. */
  health(): Record<string, Health> {
    const { worker, maintenance } = this.#worker.health();
    const health: Record<string, Health> = {};
    if (worker) health.worker = worker;
    if (maintenance) health.maintenance = maintenance;
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

  #makeWorker(start: WorkerHostOptions["start"]): WorkerHost {
    const { bus, log, meter, clock, random } = this.#options;
    return new WorkerHost({
      start,
      log: log.child({ component: "worker" }),
      meter,
      clock,
      random,
      onAppended: (topics) => bus.log.wake(topics),
    });
  }

  /** Another Worker takes over where what it is started with has changed. */
  async #refreshWorker(): Promise<void> {
    const start = workerStart(this.#options);
    if (isDeepStrictEqual(start, this.#workerStart)) return;
    await this.#worker.stop();
    try {
      await this.#launch(start);
    } catch (error) {
      await this.#launch(this.#workerStart);
      throw error;
    }
    this.#workerStart = start;
  }

  async #launch(start: WorkerHostOptions["start"]): Promise<void> {
    const { bus, clock } = this.#options;
    this.#worker = this.#makeWorker(start);
    this.#worker.hold(this.#held);
    for (const each of this.#running) {
      if (each.stream instanceof Stream) continue;
      each.stream = new WorkerStream(each.stream.spec, this.#worker, bus.log, clock);
      each.registered.handle.bind(each.stream);
    }
    await this.#worker.start();
  }

  /** What waits for the disk is not waited for. */
  async #caughtUp(stream: Stream | WorkerStream, signal: AbortSignal): Promise<void> {
    const { held } = stream;
    if (held === undefined) return await stream.caughtUp(signal);
    const lag = await stream.lag();
    if (lag > 0) throw new Error(`${lag} records wait in the log, because ${held}; the next start goes on`);
  }

  #add(registered: RegisteredStream): void {
    const { bus, log, meter, clock, random } = this.#options;
    const spec = streamSpec(registered, bus.names);
    const { options } = registered;
    const driver = bus.source(options.source ?? "bus");
    const stream = registered.handler
      ? new Stream({
        spec,
        driver: withRowStore(driver, bus.log.store),
        handler: registered.handler,
        hooks: options,
        ...(options.state && {
          reset: (tx: Transaction, place: { topic: string; partition: number }) =>
            options.state?.reset(tx, place),
        }),
        realName: (topic) => bus.names.real(topic),
        logicalName: (topic) => bus.names.logical(topic),
        codecs: bus.codecs,
        log: log.child({ component: registered.plugin }),
        meter,
        clock,
        random,
      })
      : new WorkerStream(spec, this.#worker, bus.log, clock);
    if (stream instanceof Stream && driver.name === "local") stream.hold(this.#held);
    registered.handle.bind(stream);
    this.#running.push({ registered, source: driver.name, stream });
  }

  #startAll(source: "local" | "kafka"): void {
    for (const each of this.#running) {
      if (each.source === source && each.stream instanceof Stream) each.stream.start();
    }
  }
}
