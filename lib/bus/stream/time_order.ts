import type { BusRecord } from "../contract.ts";
import { laneName } from "./lane.ts";
import { Progress } from "./progress.ts";
import type { Place } from "./rows_first.ts";

/**
 * Lets partitions that are read back beside each other, because their rows are joined, go on in the order of their
 * records' times, as they came the first time. Without it one of them would be through before another begins.
 */
export class TimeOrder {
  /** The time of the next record of each; `undefined`: it has not said it yet. */
  readonly #next: Map<string, number | undefined>;
  readonly #moved = new Progress();

  constructor(places: readonly Place[]) {
    this.#next = new Map(places.map((place) => [laneName(place), undefined]));
  }

  /**
   * Waits until a partition's next records, of which there is at least one, have their turn, and gives how many of them
   * do; 0: `signal` aborted.
   */
  async turn(
    place: Place,
    records: readonly Pick<BusRecord, "timestamp">[],
    signal: AbortSignal,
  ): Promise<number> {
    const name = laneName(place);
    this.#next.set(name, records[0]?.timestamp);
    this.#moved.made();
    while (!signal.aborted) {
      const first = records.findIndex(({ timestamp }) => !this.#mayGo(name, timestamp));
      if (first !== 0) return first === -1 ? records.length : first;
      await this.#moved.next(signal);
    }
    return 0;
  }

  /** A partition has no more records, or is no concern of ours any more. */
  leave(place: Place): void {
    this.#next.delete(laneName(place));
    this.#moved.made();
  }

  /** Whether a record comes before what the others have next; of those of one time, that of the first partition does. */
  #mayGo(name: string, timestamp: number): boolean {
    let before = true;
    for (const [other, next = -Infinity] of this.#next) {
      if (other === name) before = false;
      else if (before ? timestamp >= next : timestamp > next) return false;
    }
    return true;
  }
}
