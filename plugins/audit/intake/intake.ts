import type { Producer } from "capstan";
import type { Keyring } from "../seal/keyring.ts";
import type { RecordInput } from "../trail/record_input.ts";
import { Refusal } from "./refusal.ts";
import { closeInputs } from "./seal_inputs.ts";

/** What the intake is made of. */
export interface IntakeOptions {
  readonly producer: Producer;
  /** Bytes of entries that wait for the disk at once. */
  readonly maxWaiting: number;
  /** The keys; `undefined` before the start. */
  keyring(): Keyring | undefined;
}

/** Takes what is to become records: what it has taken is in the local log, sealed, and is entered from there. */
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
   * Resolves when they are durable.
   * @throws {Refusal} too much waits already, or they can't be stored; nothing was taken.
   */
  async take(inputs: readonly RecordInput[]): Promise<void> {
    const { producer, maxWaiting } = this.#options;
    const keyring = this.#options.keyring();
    if (!keyring) throw new Refusal(503, "The audit trail's keys are not open; try again later");
    const value = closeInputs(inputs, keyring);
    if (this.#waiting > 0 && this.#waiting + value.length > maxWaiting) {
      throw new Refusal(429, "Too much waits for the disk; send it again in a second");
    }
    this.#waiting += value.length;
    try {
      await producer.send(value);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Refusal(503, `The entries can't be stored now: ${reason}`, [], { cause });
    } finally {
      this.#waiting -= value.length;
    }
  }
}
