import { systemClock } from "../bus/clock.ts";
import type { BusDriver, BusRecord, GroupAdmin } from "../bus/contract.ts";
import { CONSUMER_LAG, LagLook, lagReadings } from "../bus/lag_look.ts";
import { busMetrics, countedSend } from "../bus/metrics.ts";
import { createMeter } from "../telemetry/meter.ts";
import type { Logger } from "../telemetry/logger.ts";

/** A consumer group that is followed. */
export interface FollowedGroup {
  /** Looks at the groups of its bus. */
  groups: GroupAdmin;
  /** Its name. */
  group: string;
  /** What it reads. */
  topics: readonly string[];
  /** Takes what no caller is told. */
  log: Logger;
}

/** Milliseconds for which one look at a group serves every reader of the metrics. */
const FRESH_MS = 3_000;

/**
 * What clients report, under the names the agent has: `ai_kafka_messages_produced_total`,
 * `ai_kafka_messages_consumed_total`, `ai_kafka_produce_latency_seconds` and `ai_kafka_consumer_lag`. One for a program:
 * it is given to each of its clients, and served where Prometheus reads.
 */
export class ClientMetrics {
  /** The media type of `text`. */
  readonly contentType: string;
  readonly #text: () => Promise<string>;
  readonly #bus: ReturnType<typeof busMetrics>;
  readonly #looks = new Set<LagLook>();

  /** Nothing is counted yet. */
  constructor() {
    const meter = createMeter();
    this.contentType = meter.contentType;
    this.#text = () => meter.text();
    this.#bus = busMetrics(meter);
    meter.gauge({ ...CONSUMER_LAG, collect: () => lagReadings([...this.#looks]) });
  }

  /**
   * What clients have counted, and how far their groups are behind, in Prometheus' text format. The bus is asked for
   * that, for two seconds at most; what it does not tell is left out.
   */
  text(): Promise<string> {
    return this.#text();
  }

  /** The `send` of a driver, with what it stores counted and timed. For clients. */
  counted(driver: Pick<BusDriver, "send">): BusDriver["send"] {
    return countedSend(driver, this.#bus);
  }

  /** Counts records that were given to the program. For clients. */
  given(topic: string, records: readonly BusRecord[]): void {
    this.#bus.consumed({ topic, records });
  }

  /** Shows how far a group is behind, until disposed. For clients. */
  follow({ groups, group, topics, log }: FollowedGroup): Disposable {
    const look = new LagLook({ groups, own: [{ group, topics }], freshMs: FRESH_MS }, systemClock, log);
    this.#looks.add(look);
    return { [Symbol.dispose]: () => void this.#looks.delete(look) };
  }
}
