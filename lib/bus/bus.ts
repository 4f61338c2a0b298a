import type { Health } from "../telemetry/health.ts";
import type { Counter, Meter } from "../telemetry/metrics.ts";
import type { BusDriver, OutgoingRecord, Position } from "./contract.ts";
import { encodeRequest } from "./encode.ts";
import type { PublishRequest } from "./handler.ts";
import type { LocalBus } from "./local/local_bus.ts";
import { busMetrics, countedBus } from "./metrics.ts";
import { TopicCodecs } from "./topic_codecs.ts";
import type { TopicNames } from "./topic_names.ts";

/** What moves the local log on to Kafka, in the background. */
export interface RelayPart {
  /** The relay's consumer group of the local log. */
  readonly group: string;
  /** Whether records of this topic (real name) go to Kafka. */
  relays(topic: string): boolean;
  /** Begins; never fails: a broker that is away is waited for. */
  start(): void;
  /** Resolves when everything appended before this call is acknowledged; rejects when `signal` aborts. */
  caughtUp(signal: AbortSignal): Promise<void>;
  /** Records not yet sent. */
  lag(): Promise<number>;
  health(): Health;
  /** Ends after what is in flight. Safe unstarted and twice. */
  stop(signal?: AbortSignal): Promise<void>;
}

/** What a bus is made of. */
export interface BusOptions {
  log: LocalBus;
  /** Where the bus is Kafka. */
  kafka?: BusDriver;
  relay?: RelayPart;
  names: TopicNames;
  /** What the values of topics are. Default: JSON. */
  codecs?: TopicCodecs;
  meter: Meter;
}

/** The agent's bus: appends go to the local log, streams read the log or Kafka. */
export class Bus {
  /** What the values of topics are. */
  readonly codecs: TopicCodecs;
  readonly #options: BusOptions;
  /** Where streams read, counted. */
  readonly #bus: BusDriver;
  /** This agent's own log; counted where it is the bus. */
  readonly #local: BusDriver;
  readonly #appended: Counter;
  readonly #bytes: Counter;

  constructor(options: BusOptions) {
    this.#options = options;
    this.codecs = options.codecs ?? new TopicCodecs();
    this.#bus = countedBus(options.kafka ?? options.log, busMetrics(options.meter));
    this.#local = options.kafka ? options.log : this.#bus;
    this.#appended = options.meter.counter({
      name: "capstan_log_appended_records_total",
      help: "Records appended to the local log by producers.",
      labels: ["topic"],
    });
    this.#bytes = options.meter.counter({
      name: "capstan_log_appended_bytes_total",
      help: "Bytes of keys and values appended to the local log by producers.",
      labels: ["topic"],
    });
  }

  /** This agent's own log. */
  get log(): LocalBus {
    return this.#options.log;
  }

  /** What sends the log on, where the bus is Kafka. */
  get relay(): RelayPart | undefined {
    return this.#options.relay;
  }

  /** Logical and real names. */
  get names(): TopicNames {
    return this.#options.names;
  }

  /**
   * The record of a request.
   * @throws {TypeError} its topic does not take the value.
   */
  encode(request: PublishRequest): OutgoingRecord {
    return encodeRequest(request, { realName: (topic) => this.names.real(topic), codecs: this.codecs });
  }

  /** Where a stream reads: `"bus"` is Kafka where configured, else the local log. */
  source(kind: "bus" | "local"): BusDriver {
    return kind === "bus" ? this.#bus : this.#local;
  }

  /** Appends requests to the local log in their order; resolves when they are durable. */
  async publish(
    requests: readonly PublishRequest[],
    options?: { signal?: AbortSignal },
  ): Promise<Position[]> {
    const records = requests.map((request) => this.encode(request));
    const positions = await this.#local.send(records, options);
    records.forEach((record, at) => this.#count(requests[at]?.topic ?? record.topic, record));
    return positions;
  }

  /** `publish` of one request, without what only many need. */
  append(request: PublishRequest, options?: { signal?: AbortSignal }): Promise<Position> {
    const record = this.encode(request);
    return this.#local.send([record], options).then(([position]) => {
      if (position === undefined) {
        throw new Error("Cannot append: the log gave no position for a record it stored");
      }
      this.#count(request.topic, record);
      return position;
    });
  }

  #count(topic: string, record: OutgoingRecord): void {
    const labels = { topic };
    this.#appended.inc(labels);
    this.#bytes.inc(labels, (record.key?.length ?? 0) + (record.value?.length ?? 0));
  }
}
