import type { Clock } from "../../../../lib/bus/clock.ts";
import { systemClock } from "../../../../lib/bus/clock.ts";
import type { OutgoingRecord, TopicSpec } from "../../../../lib/bus/contract.ts";
import type { LocalBus } from "../../../../lib/bus/local/local_bus.ts";
import { Relay, type RelayOptions } from "../../../../lib/bus/relay/relay.ts";
import type { RelayTarget, RelayTopic } from "../../../../lib/bus/relay/target.ts";
import { BusBench } from "../../../../lib/testing/bus_case.ts";
import type { Labels, Meter } from "../../../../lib/telemetry/metrics.ts";
import type { LogFields, Logger } from "../../../../lib/telemetry/logger.ts";
import { TempLog } from "../temp_log.ts";

/** A log over a file of the test's own, and relays over it. */
export class RelayBench implements AsyncDisposable {
  readonly temp: TempLog = new TempLog();
  readonly counts: Counts = new Counts();
  /** Warnings and what was said when trouble was over, in order. */
  readonly said: string[] = [];
  /** Milliseconds waited between attempts. */
  readonly waited: number[] = [];
  readonly #relays: Relay[] = [];

  /** A log with a topic in it. */
  async log(spec: TopicSpec): Promise<LocalBus> {
    const log = await this.temp.open({ now: Date.now });
    await log.topics.apply([spec]);
    return log;
  }

  /** A relay of topics under their own names; not started. */
  relay(
    log: LocalBus,
    target: RelayTarget,
    topics: readonly RelayTopic[],
    rest: Partial<RelayOptions> = {},
  ): Relay {
    const relay = new Relay({
      store: log.store,
      log,
      target,
      topics,
      holder: "test",
      logger: this.#logger(),
      meter: this.counts,
      clock: this.#quickClock(),
      random: () => 0.5,
      lease: { leaseMs: 60_000, renewMs: 100, lookMs: 2 },
      ...rest,
    });
    this.#relays.push(relay);
    return relay;
  }

  /** Resolves when `holds` does. */
  eventually(log: LocalBus, what: string, holds: () => boolean): Promise<void> {
    return new BusBench(log, 60_000).eventually(what, () => Promise.resolve(holds()));
  }

  /** Closes relays and logs, removes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.#relays) await relay.close();
    await this.temp[Symbol.asyncDispose]();
  }

  /** Real time, but long waits between attempts are noted and cut short. */
  #quickClock(): Clock {
    return {
      now: systemClock.now,
      sleep: (ms, signal) => {
        const wait = isRetryWait(ms);
        if (wait) this.waited.push(ms);
        return systemClock.sleep(wait || ms === CLOSE_MS ? 1 : ms, signal);
      },
    };
  }

  #logger(): Logger {
    const say = (message: string, fields?: LogFields) => {
      const error = fields?.error instanceof Error ? `: ${fields.error.message}` : "";
      this.said.push(message + error);
    };
    const logger: Logger = { debug() {}, info: say, warn: say, error: say, child: () => logger };
    return logger;
  }
}

/** What `close` gives batches under way. */
const CLOSE_MS = 2_000;

/** Half the base of 200 ms and more; other waits of the relay are shorter or exactly 100, 1,000 or 2,000 ms. */
function isRetryWait(ms: number): boolean {
  return ms >= 150 && ms !== 1_000 && ms !== CLOSE_MS;
}

type Collect = NonNullable<Parameters<Meter["gauge"]>[0]["collect"]>;

/** A meter that keeps sums. */
export class Counts implements Meter {
  readonly #sums = new Map<string, number>();
  readonly #collect = new Map<string, Collect>();

  /** Sum of a counter or gauge over its labels. */
  of(name: string): number {
    const found = this.#collect.get(name)?.();
    if (found instanceof Promise) throw new TypeError(`Cannot tell ${name}: it is not known at once`);
    if (typeof found === "object") return found.reduce((sum, { value }) => sum + value, 0);
    return found ?? this.#sums.get(name) ?? 0;
  }

  counter({ name }: { name: string }) {
    return { inc: (_labels?: Labels, by = 1) => void this.#sums.set(name, (this.#sums.get(name) ?? 0) + by) };
  }

  gauge({ name, collect }: { name: string; collect?: Collect }) {
    if (collect) this.#collect.set(name, collect);
    return { set: (value: number) => void this.#sums.set(name, value) };
  }

  histogram() {
    return { observe() {} };
  }
}

/** Records with the texts as values, keys in turn. */
export function keyed(
  topic: string,
  count: number,
  keys: number,
  value = (i: number) => `${i}`,
): OutgoingRecord[] {
  const encoder = new TextEncoder();
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: encoder.encode(`key-${i % keys}`),
    value: encoder.encode(value(i)),
  }));
}
