import { Buffer } from "node:buffer";
import type { Producer } from "capstan";
import type { TopicName } from "../events/catalog.ts";
import type { Envelope } from "../events/envelope.ts";
import { Refusal } from "./refusal.ts";

/** One record of the intake's topic: what one request brought, taken whole or not at all. */
export interface Accepted {
  readonly topic: TopicName;
  readonly events: readonly Envelope[];
}

/** How much may be on its way to the disk. */
export interface IntakeOptions {
  readonly producer: Producer;
  /** Bytes of requests that wait for the disk at once. */
  readonly maxWaiting: number;
}

/** Takes events: what it has taken is in the local log. */
export class Intake {
  readonly #options: IntakeOptions;
  #waiting = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Bytes that wait for the disk. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Resolves when the events are durable.
   * @throws {Refusal} too much waits already, or they can't be stored; nothing was taken.
   */
  async accept(accepted: Accepted): Promise<void> {
    const value = Buffer.from(JSON.stringify(accepted));
    const { producer, maxWaiting } = this.#options;
    if (this.#waiting > 0 && this.#waiting + value.length > maxWaiting) {
      throw new Refusal(429, "Too much waits for the disk; send it again in a second");
    }
    this.#waiting += value.length;
    try {
      await producer.send(value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Refusal(503, `The events can't be stored now: ${reason}`, [], { cause });
    } finally {
      this.#waiting -= value.length;
    }
  }
}
