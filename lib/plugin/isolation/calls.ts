import { receiveError, sendError, type Sent } from "./sent_error.ts";

/** What one side may ask the other: by name, what is sent and what comes back. */
export type CallMap = { readonly [name: string]: { ask: unknown; answer: unknown } };

/** A message of two sides that call each other. */
export type CallMessage =
  | { kind: "call"; id: number; name: string; ask: unknown }
  /** Whoever called does not want the answer any more. */
  | { kind: "abort"; id: number }
  | { kind: "answer"; id: number; answer: unknown }
  | { kind: "refusal"; id: number; error: Sent };

/** An answer with buffers that are handed over, not copied. */
export interface Answer {
  answer: unknown;
  transfer?: ArrayBuffer[];
}

/** How a side speaks and answers. */
export interface CallsOptions<Theirs extends CallMap> {
  post(message: CallMessage, transfer?: ArrayBuffer[]): void;
  /** Answers the other side; `signal` aborts when it does not want to know any more. Called synchronously. */
  answer<K extends keyof Theirs & string>(
    name: K,
    ask: Theirs[K]["ask"],
    signal: AbortSignal,
  ): Answer | Promise<Answer>;
}

/** One of two sides that call each other by messages. */
export class Calls<Ours extends CallMap, Theirs extends CallMap> {
  readonly #options: CallsOptions<Theirs>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #answering = new Map<number, AbortController>();
  #next = 0;
  #over: Error | undefined;

  /** Asks and answers by `options.post`. */
  constructor(options: CallsOptions<Theirs>) {
    this.#options = options;
  }

  /**
   * Asks the other side. When `signal` aborts it is told; its answer counts all the same.
   * @throws what the other side threw, with cause and stack, or why it is gone.
   */
  async call<K extends keyof Ours & string>(
    name: K,
    ask: Ours[K]["ask"],
    { transfer, signal }: { transfer?: ArrayBuffer[]; signal?: AbortSignal } = {},
  ): Promise<Ours[K]["answer"]> {
    if (this.#over) throw this.#over;
    const id = this.#next++;
    const waiting = Promise.withResolvers<unknown>();
    const abort = () => this.#options.post({ kind: "abort", id });
    // Before it waits: what can't be sent is the caller's to hear of.
    this.#options.post({ kind: "call", id, name, ask }, transfer);
    this.#waiting.set(id, waiting);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return await waiting.promise;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  /** A message of the other side came. */
  take(message: CallMessage): void {
    if (message.kind === "call") this.#answer(message.id, message.name, message.ask);
    else if (message.kind === "abort") this.#answering.get(message.id)?.abort();
    else {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.kind === "answer") waiting?.resolve(message.answer);
      else waiting?.reject(receiveError(message.error));
    }
  }

  /** The other side is gone: nothing is answered any more. */
  end(reason: Error): void {
    this.#over ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
    for (const controller of this.#answering.values()) controller.abort();
  }

  #answer(id: number, name: string, ask: unknown): void {
    const controller = new AbortController();
    this.#answering.set(id, controller);
    let made: Answer | Promise<Answer>;
    try {
      made = this.#options.answer(name, ask, controller.signal);
    } catch (error) {
      made = Promise.reject(error);
    }
    void Promise.resolve(made).then(({ answer, transfer }) =>
      this.#options.post({ kind: "answer", id, answer }, transfer)
    ).catch((error) => this.#options.post({ kind: "refusal", id, error: sendError(error) }))
      .finally(() => this.#answering.delete(id));
  }
}
