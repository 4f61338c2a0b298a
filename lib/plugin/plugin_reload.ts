import { isDeepStrictEqual } from "node:util";
import { topicCodecs } from "../bus/topic_codecs.ts";
import type { Health } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { PluginOutcome } from "./host_contract.ts";
import type { ListenerChange } from "./listeners.ts";
import { type NextInstance, NextInstances, type SharedParts, type WantedPlugin } from "./next_instances.ts";
import type { PluginLife } from "./plugin_life.ts";
import { stopLife } from "./plugin_lives.ts";
import { wantedTopics } from "./prepare_store.ts";
import { StopSteps, within } from "./steps.ts";

/** Gives plugins their next instance while the agent runs, one after the other; nothing of the others is touched. */
export class PluginReload {
  /** What former instances had accepted and could not keep. */
  readonly lost: string[] = [];
  readonly #parts: SharedParts;
  readonly #log: Logger;
  readonly #nexts: NextInstances;
  /** Plugins between two instances. */
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
  /** Plugins that do not run, and why. */
  readonly #down = new Map<string, string>();
  /** Former instances that end what is under way. */
  readonly #leaving = new Map<PluginLife, Promise<void>>();
  readonly #ending = new AbortController();
  #closing = false;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: SharedParts) {
    this.#parts = parts;
    this.#log = parts.options.log.child({ component: "agent" });
    this.#nexts = new NextInstances(parts, this.#log, this.#ending.signal);
  }

  /** Makes `running` become `wanted`. Call it again only when it has resolved. Never rejects. */
  change(
    wanted: readonly WantedPlugin[],
    running: Map<string, WantedPlugin>,
    drainMs: number,
  ): Promise<PluginOutcome[]> {
    const work = this.#change(wanted, running, drainMs);
    this.#busy = work;
    return work;
  }

  /** Resolves when a plugin between two instances is there again. */
  held(plugin: string): Promise<void> | undefined {
    return this.#held.get(plugin)?.promise;
  }

  /** Of plugins that are down, and of former instances that have not ended yet. */
  health(): Record<string, Health> {
    const health: Record<string, Health> = {};
    for (const [plugin, error] of this.#down) {
      health[plugin] = { status: "degraded", detail: `down since its reload: ${error}` };
    }
    for (const life of this.#leaving.keys()) {
      const its = life.health();
      if (its) health[`${life.plugin} (former instance)`] = its;
    }
    return health;
  }

  /** Begins no further plugin; resolves when the one under way is done. Rejects when `signal` aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    this.#closing = true;
    await within(signal, this.#busy);
  }

  /** Resolves when former instances have ended; `signal` cuts off what is left. */
  async end(signal: AbortSignal): Promise<void> {
    const cut = () => this.#ending.abort(signal.reason);
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    await Promise.all(this.#leaving.values());
    signal.removeEventListener("abort", cut);
  }

  async #change(
    wanted: readonly WantedPlugin[],
    running: Map<string, WantedPlugin>,
    drainMs: number,
  ): Promise<PluginOutcome[]> {
    const outcomes: PluginOutcome[] = [];
    const said = (outcome: PluginOutcome) => {
      outcomes.push(outcome);
      this.#say(outcome);
    };
    for (const name of [...running.keys(), ...this.#down.keys()].reverse()) {
      if (this.#closing || wanted.some(({ plugin }) => plugin.name === name)) continue;
      running.delete(name);
      this.#down.delete(name);
      said(await this.#remove(name, drainMs));
    }
    for (const each of wanted) {
      const { name } = each.plugin;
      const before = running.get(name);
      if (this.#closing || (before && isSame(before, each))) continue;
      const outcome = await this.#next(each, before, drainMs);
      if (outcome.outcome === "down") running.delete(name);
      else if (outcome.outcome !== "kept") running.set(name, each);
      if (outcome.outcome === "down") this.#down.set(name, outcome.error ?? "");
      else this.#down.delete(name);
      said(outcome);
    }
    return outcomes;
  }

  async #next(
    wanted: WantedPlugin,
    before: WantedPlugin | undefined,
    drainMs: number,
  ): Promise<PluginOutcome> {
    const plugin = wanted.plugin.name;
    const former = this.#parts.lives.of(plugin);
    try {
      const next = await this.#nexts.prepare(wanted);
      if (!former || !before || (former.overlaps && next.life.overlaps)) {
        await this.#nexts.begin(next);
        if (former) this.#leave(former, next.listeners, drainMs);
      } else {
        const failed = await this.#inTurn(next, { former, before, drainMs });
        if (failed) return { plugin, ...failed };
      }
      return { plugin, outcome: before ? "restarted" : "started" };
    } catch (error) {
      return { plugin, outcome: before ? "kept" : "down", error: errorChain(error) };
    }
  }

  /** Stops the former instance, then starts the next; where that fails, the former one's code and settings again. */
  async #inTurn(
    next: NextInstance,
    { former, before, drainMs }: { former: PluginLife; before: WantedPlugin; drainMs: number },
  ): Promise<Pick<PluginOutcome, "outcome" | "error"> | undefined> {
    const { plugin } = former;
    const { lives, registry, gauges, streams } = this.#parts;
    const held = Promise.withResolvers<void>();
    this.#held.set(plugin, held);
    next.listeners.hold();
    let last = next.listeners;
    try {
      await this.#stop(former, next.listeners, drainMs);
      // Should the next one fail, the streams of one that was stopped must not run again.
      registry.forget(plugin);
      try {
        await this.#nexts.begin(next);
        return undefined;
      } catch (cause) {
        const error = errorChain(cause);
        try {
          const again = await this.#nexts.prepare(before);
          last = again.listeners;
          await this.#nexts.begin(again);
          return { outcome: "kept", error };
        } catch (second) {
          await streams.end(plugin, new StopSteps(this.#log), this.#ending.signal);
          registry.forget(plugin);
          gauges.forget(plugin);
          lives.replace(plugin);
          await last.refuse();
          this.#parts.routesChanged();
          return { outcome: "down", error: `${error}; and its former state: ${errorChain(second)}` };
        }
      }
    } finally {
      this.#held.delete(plugin);
      held.resolve();
    }
  }

  async #remove(plugin: string, drainMs: number): Promise<PluginOutcome> {
    const { lives, registry, gauges, streams, listeners, bus } = this.#parts;
    const steps = new StopSteps(this.#log);
    const change = await listeners.change(plugin, []);
    change.serve();
    const former = lives.of(plugin);
    if (former) await this.#stop(former, change, drainMs);
    lives.replace(plugin);
    registry.forget(plugin);
    gauges.forget(plugin);
    this.#parts.routesChanged();
    const values = registry.topics.values();
    const specs = wantedTopics(registry, this.#parts.settings()).map(({ spec }) => spec);
    await steps.run("background worker", async () => {
      bus.codecs.become(await topicCodecs(values, this.#parts.options.redaction));
      await streams.begin(plugin, { values, specs });
    });
    return { plugin, outcome: "stopped" };
  }

  /** Ends a former instance whose successor runs already, in the background. */
  #leave(former: PluginLife, listeners: ListenerChange, drainMs: number): void {
    const ended = this.#stop(former, listeners, drainMs).finally(() => this.#leaving.delete(former));
    this.#leaving.set(former, ended);
  }

  /** Ends what an instance has under way, and the instance. Never rejects: what does not end is cut off, and said. */
  async #stop(life: PluginLife, listeners: ListenerChange, drainMs: number): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(drainMs), this.#ending.signal]);
    const steps = new StopSteps(this.#log.child({ plugin: life.plugin }));
    await steps.run(`drain of ${life.plugin}`, () => life.drain(signal));
    await steps.run(`listeners of ${life.plugin}`, () => listeners.settled(signal));
    // Where the next instance runs already, the streams are its own.
    if (this.#parts.lives.of(life.plugin) === life) await this.#parts.streams.end(life.plugin, steps, signal);
    await stopLife(life, steps, signal);
    const lost = life.lost();
    for (const each of lost) this.#log.error("Something accepted was given up.", { lost: each });
    this.lost.push(...lost);
    life.end();
  }

  #say({ plugin, outcome, error }: PluginOutcome): void {
    if (outcome === "kept") {
      this.#log.error("A plugin could not be changed; it goes on as it was.", { plugin, error });
    } else if (outcome === "down") {
      this.#log.error("A plugin does not run; the next change tries again.", { plugin, error });
    } else this.#log.info(`Plugin ${outcome}.`, { plugin });
  }
}

function isSame(a: WantedPlugin, b: WantedPlugin): boolean {
  return a.plugin === b.plugin && isDeepStrictEqual(a.settings, b.settings);
}
