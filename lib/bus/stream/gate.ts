/** Lets through or holds back, until it is opened again. */
export class Gate {
  #closed: PromiseWithResolvers<void> | undefined;

  /** Whether it holds back. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Resolves when it is open. */
  get opened(): Promise<void> {
    return this.#closed?.promise ?? Promise.resolve();
  }

  /** Holds back. */
  close(): void {
    this.#closed ??= Promise.withResolvers<void>();
  }

  /** Lets through again. */
  open(): void {
    this.#closed?.resolve();
    this.#closed = undefined;
  }
}
