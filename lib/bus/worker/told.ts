import type { PartitionHooks } from "../stream/arrival.ts";
import type { FromWorker, PartitionChange } from "./protocol.ts";

/** Tells the main thread of partitions, and waits until it has taken that. */
export class Told {
  readonly #post: (message: FromWorker) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #last = 0;

  /** `post` sends to the main thread. */
  constructor(post: (message: FromWorker) => void) {
    this.#post = post;
  }

  /** What a stream of that name is to call. */
  hooksOf(stream: string): PartitionHooks {
    return {
      onAssigned: (came) => this.#tell(stream, { came: [...came] }),
      onRevoked: (went) =>
        this.#tell(stream, { went: went.map(({ topic, partition }) => ({ topic, partition })) }),
    };
  }

  /** The main thread's answer. */
  taken(id: number, error: string | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve();
    else waiting?.reject(new Error(error));
  }

  #tell(stream: string, change: PartitionChange): Promise<void> {
    const id = ++this.#last;
    const taken = Promise.withResolvers<void>();
    this.#waiting.set(id, taken);
    this.#post({ kind: "partitions", id, stream, change });
    return taken.promise;
  }
}
