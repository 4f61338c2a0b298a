import { abortable } from "../../bus/abortable.ts";

interface Waiting {
  alone: boolean;
  enter: () => void;
}

/** Lets work be done side by side, or alone, in the order in which it asked. */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #inside = 0;
  #alone = false;

  /** How much is under way. */
  get inside(): number {
    return this.#inside;
  }

  /**
   * Resolves when it may begin; disposing of what it gives ends it.
   * @throws the signal's reason, when that aborts first.
   */
  async enter({ alone, signal }: { alone: boolean; signal: AbortSignal }): Promise<Disposable> {
    signal.throwIfAborted();
    const entered = Promise.withResolvers<void>();
    const one = { alone, enter: entered.resolve };
    this.#waiting.push(one);
    this.#admit();
    try {
      await abortable(entered.promise, signal);
    } catch (error) {
      const at = this.#waiting.indexOf(one);
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#leave();
      this.#admit();
      throw error;
    }
    return { [Symbol.dispose]: () => this.#leave() };
  }

  #leave(): void {
    this.#inside--;
    this.#alone = false;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#alone || (next.alone && this.#inside > 0)) return;
      this.#waiting.shift();
      this.#inside++;
      this.#alone = next.alone;
      next.enter();
    }
  }
}
