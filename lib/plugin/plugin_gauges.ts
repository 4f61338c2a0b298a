import type { Collected, Meter } from "../telemetry/metrics.ts";

type Collect = () => Collected | Promise<Collected>;

/**
 * What the plugins' gauges ask when metrics are read. A metric is made once for an agent; a plugin that is loaded again
 * brings its own functions, which count from the moment it takes over.
 */
export class PluginGauges {
  readonly #asked = new Map<string, ReadonlyMap<string, Collect>>();

  /** A meter for one instance of a plugin, over the meter of its scope. Its gauges are silent until `show`. */
  meterOf(plugin: string, meter: Meter): { meter: Meter; show(): void } {
    const own = new Map<string, Collect>();
    return {
      meter: {
        counter: (options) => meter.counter(options),
        histogram: (options) => meter.histogram(options),
        gauge: ({ collect, ...options }) => {
          if (collect) own.set(options.name, collect);
          return meter.gauge({ ...options, collect: () => this.#ask(plugin, options.name) });
        },
      },
      show: () => void this.#asked.set(plugin, own),
    };
  }

  /** Its gauges read 0 from now on. */
  forget(plugin: string): void {
    this.#asked.set(plugin, GONE);
  }

  #ask(plugin: string, name: string): Collected | Promise<Collected> {
    const asked = this.#asked.get(plugin);
    return asked === GONE ? [] : asked?.get(name)?.();
  }
}

const GONE: ReadonlyMap<string, Collect> = new Map();
