import type { Health } from "../telemetry/health.ts";
import type { PluginLife } from "./plugin_life.ts";
import { type StopSteps, within } from "./steps.ts";

/** Milliseconds what only closes gets even where draining took all the time. */
const CLOSE_MS = 5_000;

/** The plugins' instances that were started, in the order of their start. */
export class PluginLives {
  readonly #begun: PluginLife[] = [];

  /**
   * Starts them one after the other. A plugin that throws counts as begun: it may have begun.
   * @throws {Error} names the plugin.
   */
  async start(lives: readonly PluginLife[], signal: AbortSignal): Promise<void> {
    for (const life of lives) {
      this.#begun.push(life);
      await life.start(signal);
    }
  }

  /** A plugin's instance that runs. */
  of(plugin: string): PluginLife | undefined {
    return this.#begun.find((life) => life.plugin === plugin);
  }

  /** Puts a plugin's next instance, or none, in the place of the one there was. */
  replace(plugin: string, next?: PluginLife): void {
    const at = this.#begun.findIndex((life) => life.plugin === plugin);
    this.#begun.splice(at < 0 ? this.#begun.length : at, at < 0 ? 0 : 1, ...(next ? [next] : []));
  }

  /** Backwards: resolves when nothing is under way. */
  async drain(steps: StopSteps, signal: AbortSignal): Promise<void> {
    for (const life of [...this.#begun].reverse()) {
      await steps.run(`drain of ${life.plugin}`, () => life.drain(signal));
    }
  }

  /** Backwards: the last call of each. */
  async stop(steps: StopSteps, signal: AbortSignal): Promise<void> {
    for (const life of [...this.#begun].reverse()) await stopLife(life, steps, signal);
  }

  /** What was accepted and could not be kept, once all is closed. */
  lost(): string[] {
    return this.#begun.flatMap((life) => life.lost());
  }

  /** By plugin. */
  health(): Record<string, Health> {
    return Object.fromEntries(
      this.#begun.flatMap((life) => {
        const health = life.health();
        return health ? [[life.plugin, health]] : [];
      }),
    );
  }
}

/** Stops an instance; it gets its moments even where `signal` has aborted. */
export async function stopLife(life: PluginLife, steps: StopSteps, signal: AbortSignal): Promise<void> {
  const closing = signal.aborted ? AbortSignal.timeout(CLOSE_MS) : signal;
  await steps.run(`stop of ${life.plugin}`, () => within(closing, life.stop()));
}
