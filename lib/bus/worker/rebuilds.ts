import type { Rebuilt } from "../handler.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** How far one is, in offsets. */
type Figures = { readonly done: number; readonly total: number };

/** Asks the Worker to make states anew, and passes on what it says of them. */
export class Rebuilds {
  readonly #send: (message: ToWorker) => void;
  readonly #underWay = new Map<
    number,
    PromiseWithResolvers<Rebuilt> & { onProgress?(figures: Figures): void }
  >();
  #last = 0;

  /** `send` sends to the Worker. */
  constructor(send: (message: ToWorker) => void) {
    this.#send = send;
  }

  /** Asks for one; rejects where it fails, or the Worker ends before. */
  begin(stream: string, onProgress?: (figures: Figures) => void): Promise<Rebuilt> {
    const id = ++this.#last;
    const work = Promise.withResolvers<Rebuilt>();
    this.#underWay.set(id, { ...work, ...(onProgress && { onProgress }) });
    this.#send({ kind: "rebuild", id, stream });
    return work.promise;
  }

  /** What the Worker said, where it is of one. */
  take(message: FromWorker): void {
    if (message.kind === "rebuilding") {
      const { done, total } = message;
      try {
        this.#underWay.get(message.id)?.onProgress?.({ done, total });
      } catch (error) {
        // What a plugin is told must not end the agent; the work goes on, and who waits for it learns of this.
        this.#underWay.get(message.id)?.reject(error);
        this.#underWay.delete(message.id);
      }
    } else if (message.kind === "rebuilt") {
      this.#underWay.get(message.id)?.resolve(message.rebuilt);
      this.#underWay.delete(message.id);
    } else if (message.kind === "not rebuilt") {
      this.#underWay.get(message.id)?.reject(new Error(message.error));
      this.#underWay.delete(message.id);
    }
  }

  /** The Worker is no more. */
  lost(reason: string): void {
    for (const { reject } of this.#underWay.values()) {
      reject(
        new Error(
          `Cannot make the state anew: the background worker ended (${reason}); the next one goes on with it`,
        ),
      );
    }
    this.#underWay.clear();
  }
}
