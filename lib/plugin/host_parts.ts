import type { Bus, RelayPart } from "../bus/bus.ts";
import type { Clock } from "../bus/clock.ts";
import type { BusDriver, TopicSpec } from "../bus/contract.ts";
import type { LocalBus } from "../bus/local/local_bus.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { RootMeter } from "../telemetry/meter.ts";
import type { Health } from "../telemetry/health.ts";

/** What Kafka's part of an agent is made from. */
export interface KafkaContext {
  log: LocalBus;
  /** Topics as they should be, under their real names; those that are `localOnly` too. */
  specs: readonly TopicSpec[];
  /** Real name of a logical topic. */
  realName(topic: string): string;
  logger: Logger;
  meter: RootMeter;
  clock: Clock;
  random(): number;
}

/** Kafka's part of an agent. Making it opens no connection; `start` begins in the background. */
export interface KafkaPart extends AsyncDisposable {
  /** Where Kafka is the bus; `undefined` where nodes alone are relayed. */
  driver?: BusDriver;
  relay: RelayPart;
  /** Connects and brings the topics up, trying for as long as it takes; never fails. Starts the relay then. */
  start(): void;
  health(): Health;
}

/** What of an agent may be put in another's place. */
export interface HostParts {
  /** Called once per start. Default: a Kafka client, where brokers are configured. */
  openKafka(context: KafkaContext): KafkaPart;
  /** Free bytes on the disk of that file. */
  freeDisk(file: string): Promise<number>;
  /** The clock of the streams of this thread, or of the look at the disk. Default: the agent's. */
  clockOf(part: "streams" | "storage"): Clock;
  /** Streams that have a handler run on the agent's thread, by its clock, though they could run in a Worker. */
  oneThread: boolean;
  /** Told of bus and store once per start, before a plugin starts. */
  opened(bus: Bus): void;
  /** Told once per start how the admin listener answers, so that requests need no socket. */
  answering(answer: (request: Request) => Promise<Response>): void;
}
