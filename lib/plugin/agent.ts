import process from "node:process";
import { removeAgentFile } from "../access/agent_file.ts";
import { type Clock, systemClock } from "../bus/clock.ts";
import type { TopicSpec } from "../bus/contract.ts";
import { lagMetrics } from "../bus/lag_metrics.ts";
import type { AdminRoute } from "../http/admin_app.ts";
import type { AdminServer } from "../http/admin_server.ts";
import type { Health } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import { adminActions } from "./admin_actions.ts";
import { adminRoutes, type AdminSubject, worst } from "./admin_routes.ts";
import { openAdmin } from "./open_admin.ts";
import { AgentBase } from "./agent_base.ts";
import { AgentStreams } from "./agent_streams.ts";
import type { OpenParts } from "./context.ts";
import type { AgentStatus, HostOptions, HostSettings, ReloadAnswer, StopReport } from "./host_contract.ts";
import { lagSources } from "./lag_sources.ts";
import { Listeners } from "./listeners.ts";
import type { PluginGauges } from "./plugin_gauges.ts";
import { PluginLives } from "./plugin_lives.ts";
import { PluginReload } from "./plugin_reload.ts";
import { wantedTopics } from "./prepare_store.ts";
import type { Registry } from "./registry.ts";
import { StopSteps } from "./steps.ts";
import type { StorageState } from "./storage_state.ts";
import { storeBytes } from "./store_bytes.ts";

/** Milliseconds a failed start has to undo itself. */
const UNDO_MS = 5_000;

/** One run of an agent: from `start` to `stop`, once. */
export class Agent implements AdminSubject {
  state: "starting" | "running" | "stopping" | "stopped" = "starting";
  readonly announcements: string[] = [];
  readonly #options: HostOptions;
  readonly #registry: Registry;
  readonly #parts: OpenParts;
  readonly #base: AgentBase;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lives = new PluginLives();
  readonly #listeners: Listeners;
  readonly #gauges: PluginGauges;
  #settings: HostSettings;
  #reload: PluginReload | undefined;
  #startedAt = 0;
  #streams: AgentStreams | undefined;
  #admin: AdminServer | undefined;

  constructor(options: HostOptions, registry: Registry, parts: OpenParts, gauges: PluginGauges) {
    this.#options = options;
    this.#settings = options.settings;
    this.#gauges = gauges;
    this.#registry = registry;
    this.#parts = parts;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log.child({ component: "agent" });
    this.#listeners = new Listeners(options.log);
    this.#base = new AgentBase({
      ...{ options, registry, parts, clock: this.#clock, log: this.#log },
      onLook: (state) => this.#streams?.holdLocal(diskReason(state)),
    });
  }

  /** As they are now. */
  get settings(): HostSettings {
    return this.#settings;
  }

  /** `http://127.0.0.1:8081` while the admin listener is up. */
  get adminOrigin(): string | undefined {
    return this.#admin?.origin;
  }

  /**
   * Starts everything in order.
   * @throws {Error} names what failed; what had been started is stopped again.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#startedAt = this.#clock.now();
    try {
      const specs = await this.#base.open();
      signal.throwIfAborted();
      await this.#lives.start(this.#registry.lives, signal);
      signal.throwIfAborted();
      const streams = this.#streams = this.#makeStreams(specs);
      streams.holdLocal(diskReason(this.#base.storage?.state));
      this.#measureLag(streams);
      await streams.startLocal();
      signal.throwIfAborted();
      this.#base.kafka?.start();
      streams.startBus();
      this.announcements.push(...await this.#listeners.open(this.#registry.servers));
      await this.#openAdmin();
      signal.throwIfAborted();
    } catch (error) {
      await this.#undo(error);
      throw error;
    }
    this.state = "running";
  }

  /** Changes plugins while the agent runs. @throws {Error} it does not run. */
  get changes(): PluginReload {
    const [store, bus, streams] = [this.#base.store, this.#base.bus, this.#streams];
    if (this.state !== "running" || !store || !bus || !streams) {
      throw new Error(`Cannot reload: the agent is ${this.state}`);
    }
    return this.#reload ??= new PluginReload({
      options: this.#options,
      settings: () => this.#settings,
      registry: this.#registry,
      parts: this.#parts,
      gauges: this.#gauges,
      lives: this.#lives,
      listeners: this.#listeners,
      store,
      bus,
      streams,
      isKafka: this.#base.kafka?.driver !== undefined,
      routesChanged: () => this.#admin?.serve(this.#routes()),
    });
  }

  /** See `AdminSubject`. */
  async reload(): Promise<ReloadAnswer | null> {
    return await this.#options.onReload?.() ?? null;
  }

  /** Requests to this plugin's routes wait for that. */
  ready(plugin: string): Promise<void> | undefined {
    return this.#reload?.held(plugin);
  }

  /**
   * Takes other settings where they can change while the agent runs: limits of the storage, and topics of the local log.
   * @throws {Error} two topics would share a name, or a topic can't be so.
   */
  async apply(settings: HostSettings): Promise<void> {
    if (this.state !== "running") throw new Error(`Cannot reload: the agent is ${this.state}`);
    await this.#base.apply(settings);
    this.#settings = settings;
  }

  /** Stops everything, backwards. Call once. */
  async stop(timeoutMs: number): Promise<StopReport> {
    this.state = "stopping";
    const over = new AbortController();
    const done = new AbortController();
    const timer = this.#clock.sleep(timeoutMs, done.signal).then(() => {
      if (!done.signal.aborted) over.abort(new Error(`the ${timeoutMs} ms for stopping are over`));
    });
    const steps = new StopSteps(this.#log);
    try {
      // A change under way is finished first: half of one can't be stopped in order.
      await steps.run("reload", () => this.#reload?.idle(over.signal));
      this.#listeners.refuseNew();
      await steps.run("former instances", () => this.#reload?.end(over.signal));
      await this.#lives.drain(steps, over.signal);
      await this.#listeners.close(steps, over.signal);
      await this.#close(steps, over.signal, { drain: true });
    } finally {
      done.abort();
      await timer;
    }
    const { waiting } = this.#base;
    const lost = [...this.#reload?.lost ?? [], ...this.#lives.lost()];
    for (const each of lost) this.#log.error("Something accepted was given up.", { lost: each });
    return {
      drained: steps.left.length === 0,
      lost,
      left: waiting > 0
        ? [...steps.left, `${waiting} records wait for Kafka; the next start sends them`]
        : steps.left,
    };
  }

  /** Each part's health. */
  health(): Record<string, Health> {
    const health: Record<string, Health> = {};
    if (this.state !== "running") health.agent = { status: "failed", detail: this.state };
    if (this.#base.storage) health.storage = this.#base.storage.health();
    if (this.#base.kafka) {
      health.kafka = this.#base.kafka.health();
      health.relay = this.#base.kafka.relay.health();
    }
    Object.assign(health, this.#streams?.health());
    Object.assign(health, this.#lives.health(), this.#reload?.health());
    return health;
  }

  /** What `GET /admin/status` answers. */
  async status(): Promise<AgentStatus> {
    const health = this.health();
    const relay = this.#base.kafka?.relay;
    const kafka = this.#base.kafka?.health();
    const storage = this.#base.storage?.state ?? { accepting: false };
    return {
      version: this.#options.version,
      pid: process.pid,
      uptime_s: Math.round((this.#clock.now() - this.#startedAt) / 100) / 10,
      status: this.state === "stopped" ? "stopped" : worst(health),
      listeners: [
        ...this.#listeners.status(),
        ...(this.adminOrigin ? [{ name: "admin", origin: this.adminOrigin }] : []),
      ],
      streams: await this.#streams?.status() ?? [],
      bus: {
        driver: this.#base.kafka?.driver ? "kafka" : "local",
        connected: kafka === undefined || kafka.status === "ok",
        ...(kafka?.detail !== undefined && { detail: kafka.detail }),
      },
      relay: relay ? { lag: await relay.lag(), ...detail(relay.health()) } : null,
      store: { file: this.#options.storeFile, bytes: storeBytes(this.#options.storeFile), ...storage },
      health,
    };
  }

  /** Sends what waits in the local log, until `signal` aborts. */
  async drainOutbox(signal: AbortSignal): Promise<{ drained: boolean; lag: number; detail?: string } | null> {
    return await this.#base.drainOutbox(signal);
  }

  #makeStreams(specs: readonly TopicSpec[]): AgentStreams {
    const { storeFile, log, meter, random = Math.random, settings, parts, redaction } = this.#options;
    if (!this.#base.bus) throw new Error("Cannot start streams: the bus is not open");
    return new AgentStreams({
      registered: this.#registry.streams,
      values: this.#registry.topics.values(),
      bus: this.#base.bus,
      specs,
      storeFile,
      powerSafe: settings.store.power_safe ?? false,
      turns: this.#base.turns.memory,
      redaction,
      log,
      meter,
      clock: parts?.clockOf?.("streams") ?? this.#clock,
      random,
      oneThread: parts?.oneThread ?? false,
    });
  }

  #measureLag(streams: AgentStreams): void {
    if (!this.#base.bus) throw new Error("Cannot measure lag: the bus is not open");
    lagMetrics({
      sources: lagSources({
        bus: this.#base.bus,
        kafka: this.#base.kafka?.driver,
        specs: () => wantedTopics(this.#registry, this.#settings).map(({ spec }) => spec),
        groupsOf: (source) => streams.groupsOf(source),
      }),
      meter: this.#options.meter,
      clock: this.#clock,
      log: this.#options.log.child({ component: "metrics" }),
    });
  }

  async #openAdmin(): Promise<void> {
    const routes = this.#routes();
    const bus = this.#base.bus;
    const { server, announcement } = await openAdmin({
      ...this.#options,
      routes,
      startedAt: this.#startedAt,
      owner: bus?.log.owner ?? "",
      ...(bus && {
        onAction: adminActions({
          registry: this.#registry,
          bus,
          log: this.#log,
          now: () => this.#clock.now(),
        }),
      }),
    });
    this.#admin = server;
    this.#options.parts?.answering?.((request) => server.answer(request));
    this.announcements.push(announcement);
  }

  #routes(): AdminRoute[] {
    return adminRoutes(this, this.#registry, this.#options.meter);
  }

  async #undo(error: unknown): Promise<void> {
    this.state = "stopping";
    this.#log.debug("The start failed; what was started is stopped.", { error });
    const over = AbortSignal.timeout(UNDO_MS);
    const steps = new StopSteps(this.#log);
    this.#listeners.refuseNew();
    await this.#listeners.close(steps, AbortSignal.abort());
    await this.#close(steps, over, { drain: false });
  }

  /** Everything behind the listeners: streams, plugins, relay, admin, log, store. */
  async #close(steps: StopSteps, signal: AbortSignal, how: { drain: boolean }): Promise<void> {
    await this.#streams?.stop(steps, signal, how);
    await this.#lives.stop(steps, signal);
    await this.#base.closeKafka(steps, signal, how);
    await steps.run("admin listener", () => this.#admin?.close(signal));
    await steps.run("agent file", () => removeAgentFile(this.#options.storeFile, process.pid));
    await this.#base.close(steps);
    for (const { handle } of this.#registry.streams) handle.bind(undefined);
    for (const { server } of this.#registry.servers) server.bind(undefined);
    this.state = "stopped";
  }
}

/** Why nothing more is written to the disk; `undefined` while it is. */
function diskReason(state: StorageState | undefined): string | undefined {
  return state?.diskFull === true ? state.reason : undefined;
}

function detail(health: Health): { detail?: string } {
  return health.detail === undefined ? {} : { detail: health.detail };
}
