import { isDeepStrictEqual } from "node:util";
import { WorkerHost, type WorkerHostOptions } from "../bus/worker/host.ts";
import type { Health } from "../telemetry/health.ts";
import type { AgentStreamsOptions } from "./agent_streams.ts";
import type { RegisteredStream } from "./registry.ts";
import type { StopSteps } from "./steps.ts";
import { roomOf, SHARED_ROOM, workerStart } from "./worker_start.ts";

interface Room {
  readonly host: WorkerHost;
  readonly start: WorkerHostOptions["start"];
  running: boolean;
}

/** The background Workers: the one that all plugins share, which also sees to the file, and plugins' own. */
export class WorkerRooms {
  readonly #rooms = new Map<string, Room>();
  readonly #options: () => AgentStreamsOptions;
  /** Why the streams of all of them wait. */
  #held: string | undefined;

  /** `options` gives what is to run now. Starts nothing yet. */
  constructor(options: () => AgentStreamsOptions) {
    this.#options = options;
  }

  /** The Worker that a stream is to run in, which may not have started yet; `undefined`: on the agent's thread. */
  hostOf(registered: RegisteredStream): WorkerHost | undefined {
    const room = roomOf(registered, this.#options());
    return room === undefined ? undefined : this.#room(room).host;
  }

  /**
   * Starts what is wanted and does not run, and ends what is not wanted any more. What is to run otherwise is started
   * anew; `moved` is told before, so that handles go over to the next one.
   * @throws {Error} one can't start; it runs as before, where it did.
   */
  async refresh(moved: (from: WorkerHost, to: WorkerHost) => void): Promise<void> {
    const options = this.#options();
    const wanted = new Set([
      SHARED_ROOM,
      ...options.registered.flatMap((each) => roomOf(each, options) ?? []),
    ]);
    for (const [name, { host }] of [...this.#rooms]) {
      if (wanted.has(name)) continue;
      this.#rooms.delete(name);
      await host.stop();
    }
    const done = await Promise.allSettled([...wanted].map((name) => this.#refresh(name, moved)));
    const failed = done.find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Ends a plugin's own, once what is under way there is finished. */
  async end(plugin: string, steps: StopSteps, signal: AbortSignal): Promise<void> {
    const room = this.#rooms.get(plugin);
    if (!room) return;
    this.#rooms.delete(plugin);
    await steps.run(`background worker of ${plugin}`, () => room.host.stop(signal));
  }

  /** Ends all of them. */
  async stop(steps: StopSteps, signal: AbortSignal): Promise<void> {
    const title = ([name]: [string, Room]) => name === SHARED_ROOM ? "background worker" : `${name}'s worker`;
    await steps.all([...this.#rooms], title, ([, { host }]) => host.stop(signal));
  }

  /** Holds the streams of all of them; without a reason they go on. */
  hold(reason: string | undefined): void {
    this.#held = reason;
    for (const { host } of this.#rooms.values()) host.hold(reason);
  }

  /** These topics were appended to, but not by `by`. */
  appended(topics: Iterable<string>, by?: WorkerHost): void {
    for (const { host } of this.#rooms.values()) if (host !== by) host.appended(topics);
  }

  /** Of each Worker, and of the upkeep of the file. */
  health(): Record<string, Health> {
    const health: Record<string, Health> = {};
    for (const [name, { host }] of this.#rooms) {
      const { worker, maintenance } = host.health();
      if (worker) health[name === SHARED_ROOM ? "worker" : `worker of ${name}`] = worker;
      if (maintenance) health.maintenance = maintenance;
    }
    return health;
  }

  async #refresh(name: string, moved: (from: WorkerHost, to: WorkerHost) => void): Promise<void> {
    const room = this.#room(name);
    const start = workerStart(this.#options(), name);
    if (room.running && isDeepStrictEqual(start, room.start)) return;
    if (!room.running) return await this.#launch(name, room);
    await room.host.stop();
    const next = this.#make(start);
    moved(room.host, next.host);
    try {
      await this.#launch(name, next);
    } catch (error) {
      const again = this.#make(room.start);
      moved(next.host, again.host);
      await this.#launch(name, again);
      throw error;
    }
  }

  async #launch(name: string, room: Room): Promise<void> {
    this.#rooms.set(name, room);
    try {
      await room.host.start();
      room.running = true;
    } catch (error) {
      this.#rooms.delete(name);
      await room.host.stop();
      throw error;
    }
  }

  #room(name: string): Room {
    const room = this.#rooms.get(name) ?? this.#make(workerStart(this.#options(), name));
    this.#rooms.set(name, room);
    return room;
  }

  #make(start: WorkerHostOptions["start"]): Room {
    const { bus, log, meter, clock, random } = this.#options();
    const host: WorkerHost = new WorkerHost({
      start,
      log: log.child({ component: "worker" }),
      meter,
      clock,
      random,
      onAppended: (topics) => {
        bus.log.wake(topics);
        this.appended(topics, host);
      },
    });
    host.hold(this.#held);
    return { host, start, running: false };
  }
}
