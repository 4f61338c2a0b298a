import { setImmediate } from "node:timers";
import type { Producer } from "capstan";
import type { Keyring } from "../seal/keyring.ts";
import type { RecordInput } from "../trail/record_input.ts";
import { Refusal } from "./refusal.ts";
import { closeInputText } from "./seal_inputs.ts";

/** What the intake is made of. */
export interface IntakeOptions {
  readonly producer: Producer;
  /** Bytes of entries that wait for the disk at once. */
  readonly maxWaiting: number;
  /** The keys; `undefined` before the start. */
  keyring(): Pick<Keyring, "intake"> | undefined;
}

/** Inputs that are closed together. */
interface Bundle {
  /** JSON of inputs, without the brackets. */
  readonly texts: string[];
  /** Characters of `texts`. */
  length: number;
  readonly sent: PromiseWithResolvers<void>;
}

/** Characters above which a bundle takes no more. */
const FULL = 32 * 1024;

/**
 * Takes what is to become records: what it has taken is in the local log, sealed, and is entered from there. Requests
 * that meet in one turn of the event loop are closed together, which takes as long as closing one.
 */
export class Intake {
  readonly #options: IntakeOptions;
  #waiting = 0;
  #bundles: Bundle[] = [];

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
    if (!this.#options.keyring()) {
      throw new Refusal(503, "The audit trail's keys are not open; try again later");
    }
    const text = JSON.stringify(inputs).slice(1, -1);
    if (this.#waiting > 0 && this.#waiting + text.length > this.#options.maxWaiting) {
      throw new Refusal(429, "Too much waits for the disk; send it again in a second");
    }
    this.#waiting += text.length;
    try {
      await this.#bundled(text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Refusal(503, `The entries can't be stored now: ${reason}`, [], { cause });
    } finally {
      this.#waiting -= text.length;
    }
  }

  #bundled(text: string): Promise<void> {
    if (this.#bundles.length === 0) setImmediate(() => this.#sendAll());
    let last = this.#bundles.at(-1);
    if (!last || last.length > 0 && last.length + text.length > FULL) {
      last = { texts: [], length: 0, sent: Promise.withResolvers() };
      this.#bundles.push(last);
    }
    last.texts.push(text);
    last.length += text.length;
    return last.sent.promise;
  }

  #sendAll(): void {
    for (const { texts, sent } of this.#bundles.splice(0)) {
      this.#send(`[${texts.join(",")}]`).then(sent.resolve, sent.reject);
    }
  }

  async #send(text: string): Promise<void> {
    const keyring = this.#options.keyring();
    if (!keyring) throw new Error("the audit trail's keys are not open any more");
    await this.#options.producer.send(closeInputText(text, keyring));
  }
}
