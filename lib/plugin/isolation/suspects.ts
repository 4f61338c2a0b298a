import { Turns } from "./turns.ts";
import { WorkerLost } from "./worker_lost.ts";

/**
 * Which batch a Worker died of. Where several were under way nobody knows; each of them is handled again alone, and
 * only one that a Worker dies of then has failed. So a record that kills costs the others no attempt.
 */
export class Suspects {
  readonly #turns = new Turns();
  /** Partitions whose last batch was under way when a Worker died. */
  readonly #places = new Set<string>();
  /** How many were under way, by death. */
  readonly #companions = new WeakMap<WorkerLost, number>();

  /**
   * Handles a batch of the partition `place`.
   * @throws what `work` throws; `WorkerLost` where the batch was alone.
   */
  async run<T>(place: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      using _turn = await this.#turns.enter({ alone: this.#places.has(place), signal });
      try {
        const result = await work();
        this.#places.delete(place);
        return result;
      } catch (error) {
        if (!(error instanceof WorkerLost)) {
          this.#places.delete(place);
          throw error;
        }
        this.#places.add(place);
        const companions = this.#companions.get(error) ?? this.#turns.inside;
        this.#companions.set(error, companions);
        if (companions === 1 || signal.aborted) throw error;
      }
    }
  }
}
