import type { Store } from "../../store/contract.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { KafkaError } from "../kafka/error.ts";

/** Says once for each change why nothing moves, and keeps it in the file for `outbox status`. */
export class RelayTrouble {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #now: () => number;
  /** By topic; "" is the cluster. */
  readonly #current = new Map<string, string>();
  readonly #kinds = new Map<string, string>();
  #noting: Promise<void> = Promise.resolve();

  /** Nothing is wrong yet. */
  constructor(store: Store, log: Logger, now: () => number) {
    this.#store = store;
    this.#log = log;
    this.#now = now;
  }

  /** The last trouble that is not over, for a person. */
  get reason(): string | undefined {
    return [...this.#current.values()].at(-1);
  }

  /** Nothing of the topic (or of any) moves because of `error`. */
  begin(topic: string, error: unknown): void {
    // The same trouble in other words (another port, another count) is no news.
    const kind = error instanceof KafkaError
      ? error.failure
      : error instanceof Error
      ? error.message
      : String(error);
    const known = this.#kinds.get(topic);
    if (known === kind) return;
    this.#kinds.set(topic, kind);
    const reason = error instanceof Error ? error.message : String(error);
    this.#current.set(topic, reason);
    this.#log.warn("Events wait in the local log until Kafka takes them", {
      topic: topic || undefined,
      error,
    });
    this.#note();
  }

  /** The topic (or the cluster) moves. */
  end(topic: string): void {
    if (!this.#kinds.delete(topic)) return;
    this.#current.delete(topic);
    this.#log.info("Kafka takes events again", { topic: topic || undefined });
    this.#note();
  }

  /** Resolves when what is known is in the file. */
  settled(): Promise<void> {
    return this.#noting;
  }

  #note(): void {
    const reason = this.reason ?? null;
    const at = reason === null ? null : Math.round(this.#now());
    this.#noting = this.#noting.then(() =>
      this.#store.write((tx) => {
        tx.run("UPDATE relay_lease SET trouble = ?, trouble_at = ?", reason, at);
      })
    ).catch((error) => this.#log.warn("Cannot note the relay's trouble in the file", { error }));
  }
}
