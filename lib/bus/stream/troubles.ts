import type { Logger } from "../../telemetry/logger.ts";

/** A failure that is tried again. */
export interface Trouble {
  /** What is in trouble: `read`, `commit 0/orders`. */
  key: string;
  /** For the log. */
  sentence: string;
  error: unknown;
  attempt: number;
  delayMs: number;
}

/** What does not work at the moment. Said once when it begins and once when all is well again. */
export class Troubles {
  readonly #log: Logger;
  readonly #now = new Map<string, string>();

  /** Says it to `log`. */
  constructor(log: Logger) {
    this.#log = log;
  }

  /** The first of them, for a person; `undefined`: all is well. */
  get detail(): string | undefined {
    return this.#now.values().next().value;
  }

  /** Something failed and is tried again. */
  add({ key, sentence, error, attempt, delayMs }: Trouble): void {
    // Once said, the state is in health and metrics; a log line for each attempt helps nobody.
    const level = this.#now.has(key) ? "debug" : "warn";
    this.#now.set(key, `${key}: ${error instanceof Error ? error.message : String(error)}`);
    this.#log[level](sentence, { attempt, delay_ms: Math.round(delayMs), error });
  }

  /** It works, or is no concern of ours any more. */
  over(key: string): void {
    if (this.#now.delete(key) && this.#now.size === 0) this.#log.info("The stream works again.");
  }

  /** None of them is a concern any more. */
  clear(): void {
    for (const key of [...this.#now.keys()]) this.over(key);
  }
}
