import { isDeepStrictEqual } from "node:util";
import type { Batch, StreamHandler, StreamOptions, StreamRecord } from "../bus/handler.ts";
import type { Plugin, PluginCommand, PluginContext, PluginHooks } from "../plugin/contract.ts";
import type { MetricOptions } from "../telemetry/metrics.ts";

/** A metric that was made. */
export interface MadeMetric extends MetricOptions {
  kind: "counter" | "gauge" | "histogram";
}

interface SeenRecord {
  place: string;
  record: StreamRecord;
  /** The value when the handler was done. */
  data: unknown;
}

/** What a plugin was seen to do. */
export class PluginObserver {
  /** Options of its streams. */
  readonly streams: StreamOptions[] = [];
  /** Metrics it made. */
  readonly metrics: MadeMetric[] = [];
  /** Commands it has. */
  readonly commands: PluginCommand[] = [];
  /** What each setup gave. */
  readonly hooks: PluginHooks[] = [];
  /** Records handled, by each agent that was started, in order. */
  readonly handled: number[] = [];
  /** What it read of batches that were done. */
  readonly kept = new Set<string>();
  /** What it called of the context of an agent that had stopped. */
  readonly late = new Set<string>();
  /** Called when a handler begins. */
  onBatch: () => void = () => {};
  readonly #counted: readonly string[] | undefined;
  readonly #seen: SeenRecord[] = [];
  #done = false;

  /** With `counted`, records of these topics alone are counted as handled. */
  constructor(counted?: readonly string[]) {
    this.#counted = counted;
  }

  /** How many records of a batch count. */
  count({ topic, records }: Batch): number {
    return this.#counted?.includes(topic) ?? true ? records.length : 0;
  }

  /** From now on nothing of the batches so far may be touched. */
  close(): void {
    this.#done = true;
    for (const each of this.#seen) each.data = copied(each.record.data);
  }

  /** What was changed of batches that were done. */
  changed(): string[] {
    return this.#seen.filter(({ data, record }) =>
      this.#done && !isDeepStrictEqual(data, copied(record.data))
    )
      .map(({ place }) => place);
  }

  /** The batch as it was given, with every look at it noticed once it is done. */
  watch(batch: Batch): Batch {
    if (this.#done) return batch;
    const notice = (place: string) => {
      if (this.#done) this.kept.add(place);
    };
    const records = batch.records.map((record) => {
      const place = `offset ${record.offset} of ${record.topic}/${record.partition}`;
      this.#seen.push({ place, record, data: undefined });
      return watched({ ...record, keyText: record.keyText }, () => notice(place));
    });
    return watched({ ...batch, records }, () => notice(`a batch of ${batch.topic}/${batch.partition}`));
  }
}

/** The plugin, with all it does seen by `observer`. */
export function observedPlugin(plugin: Plugin, observer: PluginObserver): Plugin {
  return {
    ...plugin,
    setup(ctx, config) {
      const life = { over: false };
      let at = 0;
      const handle = <V>(handler: StreamHandler<V>): StreamHandler<V> => async (batch) => {
        observer.onBatch();
        const result = await handler(observer.watch(batch) as Batch<V>);
        observer.handled[at] = (observer.handled[at] ?? 0) + observer.count(batch);
        return result;
      };
      const hooks = plugin.setup(observedContext(ctx, { observer, life, handle }), config) ?? {};
      observer.hooks.push(hooks);
      return {
        ...hooks,
        health: hooks.health?.bind(hooks),
        drain: hooks.drain?.bind(hooks),
        lost: hooks.lost?.bind(hooks),
        start(signal) {
          at = observer.handled.push(0) - 1;
          return hooks.start?.(signal);
        },
        async stop() {
          await hooks.stop?.();
          life.over = true;
        },
      };
    },
  };
}

interface Observed {
  observer: PluginObserver;
  life: { over: boolean };
  handle<V>(handler: StreamHandler<V>): StreamHandler<V>;
}

function observedContext(ctx: PluginContext, { observer, life, handle }: Observed): PluginContext {
  const used = (what: string) => {
    if (life.over) observer.late.add(what);
  };
  return {
    ...ctx,
    append: (...given) => {
      used("ctx.append()");
      return ctx.append(...given);
    },
    producer: (topic) => {
      const { send } = ctx.producer(topic);
      return {
        send: (...given) => {
          used(`the producer of ${topic}`);
          return send(...given);
        },
      };
    },
    stream<V>(options: StreamOptions, handler?: StreamHandler<V>) {
      observer.streams.push(options);
      return ctx.stream<V>(options, handler && handle(handler));
    },
    store(migrations) {
      const store = ctx.store(migrations);
      return {
        read: (work) => {
          used("store.read()");
          return store.read(work);
        },
        write: (work, how) => {
          used("store.write()");
          return store.write(work, how);
        },
      };
    },
    command(command) {
      observer.commands.push(command);
      ctx.command(command);
    },
    counter: (options) => (observer.metrics.push({ ...options, kind: "counter" }), ctx.counter(options)),
    gauge: (options) => (observer.metrics.push({ ...options, kind: "gauge" }), ctx.gauge(options)),
    histogram: (
      options,
    ) => (observer.metrics.push({ ...options, kind: "histogram" }), ctx.histogram(options)),
  };
}

/** The same plain object, with each look at one of its values told; unlike a proxy it can be cloned. */
function watched<T extends object>(object: T, look: () => void): T {
  const watching = {};
  for (const [name, value] of Object.entries(object)) {
    Object.defineProperty(watching, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        look();
        return value;
      },
    });
  }
  return watching as T;
}

/** A copy to compare with; `undefined` of what can't be copied. */
function copied(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return undefined;
  }
}
