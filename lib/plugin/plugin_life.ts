import { errorChain } from "../telemetry/plain.ts";
import type { Health } from "../telemetry/health.ts";
import type { PluginHooks } from "./contract.ts";
import { within } from "./steps.ts";

/** How an instance of a plugin is made. */
export interface PluginLifeOptions {
  /** Its name. */
  plugin: string;
  /** What its `setup` returned. */
  hooks: PluginHooks;
  /** Its successor may start before it has drained. */
  overlaps: boolean;
  /** Its gauges are asked from now on, in the place of its predecessor's. */
  shows(): void;
  /** Its context does nothing any more. */
  ends(): void;
}

/** One instance of a plugin, from `setup` to `stop`. A reload gives a plugin the next one. */
export class PluginLife {
  /** Its name. */
  readonly plugin: string;
  readonly #options: PluginLifeOptions;
  /** Answers of its routes under way. */
  readonly #answers = new Set<Promise<Response>>();

  constructor(options: PluginLifeOptions) {
    this.plugin = options.plugin;
    this.#options = options;
  }

  /** Whether its successor may start before it has drained. */
  get overlaps(): boolean {
    return this.#options.overlaps;
  }

  /** Its gauges are asked from now on. */
  show(): void {
    this.#options.shows();
  }

  /** @throws {Error} what its `start` threw. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.hooks.start?.(signal);
    } catch (cause) {
      throw new Error(`Cannot start plugin ${this.plugin}: ${errorChain(cause)}`, { cause });
    }
  }

  /** Answers a request of one of its routes; `drain` waits for that. */
  async answer(work: () => Response | Promise<Response>): Promise<Response> {
    const answer = (async () => await work())();
    this.#answers.add(answer);
    try {
      return await answer;
    } finally {
      this.#answers.delete(answer);
    }
  }

  /** Resolves when nothing is under way any more; rejects with what is, when `signal` aborts first. */
  async drain(signal: AbortSignal): Promise<void> {
    try {
      await within(signal, this.#options.hooks.drain?.(signal));
      if (this.#answers.size > 0) await within(signal, Promise.allSettled([...this.#answers]));
    } catch (cause) {
      throw new Error(`${errorChain(cause)}${this.#figures()}`, { cause });
    }
  }

  /** Its last call. Safe unstarted and twice. */
  async stop(): Promise<void> {
    await this.#options.hooks.stop?.();
  }

  /** What it had accepted and could not keep, one sentence each; asked once all is closed. */
  lost(): string[] {
    return (this.#options.hooks.lost?.() ?? []).map((each) => `${this.plugin}: ${each}`);
  }

  /** From here on its context does nothing, whatever it left running. */
  end(): void {
    this.#options.ends();
  }

  /** `undefined` where it says nothing. */
  health(): Health | undefined {
    const { hooks } = this.#options;
    if (!hooks.health) return undefined;
    try {
      return hooks.health();
    } catch (error) {
      return { status: "failed", detail: `its health can't be told: ${errorChain(error)}` };
    }
  }

  /** What it counts, where its drain took too long: ` (active_calls 3)`. */
  #figures(): string {
    const counted = Object.entries(this.#options.hooks.health?.().figures ?? {}).filter(([, value]) =>
      value !== 0
    );
    return counted.length === 0 ? "" : ` (${counted.map(([name, value]) => `${name} ${value}`).join(", ")})`;
  }
}
