import type { Bus } from "../bus/bus.ts";
import type { Batch } from "../bus/handler.ts";
import type { Server } from "../plugin/contract.ts";
import { createHost } from "../plugin/host.ts";
import type { Host, HostOptions, StopReport, StreamStatus } from "../plugin/host_contract.ts";
import { createMeter, type RootMeter } from "../telemetry/meter.ts";
import type { KafkaContext } from "../plugin/host_parts.ts";
import type { AgentFaults } from "./agent_faults.ts";
import { type DrivenClock, FLOW_PACE } from "./driven_clock.ts";
import type { RemoteBus } from "./remote_bus.ts";
import { watchedPlugin, type Watcher } from "./watched_plugin.ts";

/** What a run of the agent is made from. */
export interface TestRunOptions {
  /** The plugin under test is the first. */
  host: Omit<HostOptions, "meter" | "clock" | "random" | "parts">;
  clock: DrivenClock;
  faults: AgentFaults;
  /** The bus, where it is not the agent's own log. */
  remote?: RemoteBus;
  /** Real milliseconds a stop may take. */
  deadlineMs: number;
  /** A handler's result is lost, and with it the agent. */
  onKilled(run: TestRun): void;
}

/** One agent of a test, from its start to its stop or its death. */
export class TestRun implements Watcher {
  readonly host: Host;
  readonly meter: RootMeter = createMeter();
  /** Listeners by name. */
  readonly servers = new Map<string, Server>();
  /** Streams as they were at the start. */
  streams: readonly StreamStatus[] = [];
  dead = false;
  /** Handlers that have a batch. */
  working = 0;
  readonly #options: TestRunOptions;
  #bus: Bus | undefined;
  #answer: ((request: Request) => Promise<Response>) | undefined;

  constructor(options: TestRunOptions) {
    this.#options = options;
    const { host, clock, faults, remote } = options;
    this.host = createHost({
      ...host,
      plugins: host.plugins.map((plugin) => watchedPlugin(plugin, this)),
      meter: this.meter,
      clock,
      random: () => 0.5,
      parts: {
        oneThread: true,
        clockOf: (part) => part === "streams" ? clock.ofStreams : clock.ofIdlers,
        opened: (bus) => {
          this.#bus = bus;
          faults.reachStore(bus, this);
          if (!remote) faults.reachLog(bus.log);
        },
        ...(remote && { openKafka: (context: KafkaContext) => remote.part(context) }),
        answering: (answer) => this.#answer = answer,
      },
    });
  }

  /** The bus of the agent, which has begun. */
  get bus(): Bus {
    if (this.#bus) return this.#bus;
    throw new Error("Cannot reach the bus: the agent is not open");
  }

  /** Starts the agent. */
  async start(): Promise<void> {
    await this.host.start();
    this.streams = (await this.host.status()).streams;
  }

  /** Answers a request as the admin listener does. */
  answer(path: string, init: RequestInit): Promise<Response> {
    const { adminOrigin } = this.host;
    if (!this.#answer || adminOrigin === undefined) {
      throw new Error("Cannot call a route: the agent does not run");
    }
    const headers = new Headers(init.headers);
    headers.set("host", new URL(adminOrigin).host);
    return this.#answer(new Request(new URL(path, adminOrigin), { ...init, headers }));
  }

  /** Stops it in order; where nothing can be finished, at once. */
  async stop(): Promise<StopReport> {
    const { clock, faults, deadlineMs, remote } = this.#options;
    using _flow = clock.flow();
    const report = await this.host.stop({
      timeoutMs: this.dead || faults.lasting ? 0 : deadlineMs * FLOW_PACE,
    });
    await remote?.stopped();
    return report;
  }

  /** Nothing of it is stored from now on. */
  die(): void {
    this.dead = true;
    this.#options.onKilled(this);
  }

  /** See `Watcher`. */
  works(change: 1 | -1): void {
    this.working += change;
  }

  /** See `Watcher`. */
  async handled(batch: Batch): Promise<void> {
    if (!this.dead && !this.#options.faults.strikes("result", batch.topic)) return;
    if (!this.dead) this.die();
    // What the handler gave is lost; the batch ends with the stream.
    await new Promise((_, reject) => {
      const lost = () => reject(new Error("the agent was killed"));
      if (batch.signal.aborted) lost();
      batch.signal.addEventListener("abort", lost, { once: true });
    });
  }

  /** See `Watcher`. */
  serves(name: string, server: Server): void {
    this.servers.set(name, server);
  }
}
