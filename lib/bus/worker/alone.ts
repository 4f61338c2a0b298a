/** Lets work go on side by side, and some of it alone: nothing else is under way meanwhile. First come, first served. */
export class Alone {
  #underWay = 0;
  #alone = false;
  readonly #waiting: { alone: boolean; enter(): void }[] = [];

  /**
   * Resolves when it may begin; call what it gives at the end.
   * @throws the reason of one of `signals`, when it aborts before.
   */
  async enter(alone: boolean, signals: readonly AbortSignal[]): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#mayEnter(alone)) {
      await this.#turn(alone, AbortSignal.any([...signals]));
    } else this.#begin(alone);
    return () => {
      this.#underWay--;
      this.#alone = false;
      this.#admit();
    };
  }

  #mayEnter(alone: boolean): boolean {
    return !this.#alone && (!alone || this.#underWay === 0);
  }

  #begin(alone: boolean): void {
    this.#underWay++;
    this.#alone = alone;
  }

  async #turn(alone: boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<void>();
    const waiter = { alone, enter: () => turn.resolve() };
    this.#waiting.push(waiter);
    const left = () => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      turn.reject(signal.reason);
      this.#admit();
    };
    signal.addEventListener("abort", left, { once: true });
    waiter.enter = () => {
      signal.removeEventListener("abort", left);
      turn.resolve();
    };
    await turn.promise;
  }

  #admit(): void {
    for (let [first] = this.#waiting; first && this.#mayEnter(first.alone); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#begin(first.alone);
      first.enter();
    }
  }
}
