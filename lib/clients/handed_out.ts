import type { Position } from "../bus/contract.ts";

interface Place {
  readonly topic: string;
  readonly partition: number;
  /** The last record given to the program. */
  given: number;
  /** The last record the program has handled, as it showed by asking for more. */
  handled: number;
  /** The last record committed. */
  committed: number;
}

/** What a consumer has given to its program, by partition, and how much of it is committed. */
export class HandedOut {
  readonly #places = new Map<string, Place>();

  /** Notes that everything up to `offset` was given. */
  give({ topic, partition, offset }: Position): void {
    const key = `${partition}/${topic}`;
    const place = this.#places.get(key);
    if (place === undefined) {
      this.#places.set(key, { topic, partition, given: offset, handled: -1, committed: -1 });
    } else place.given = offset;
  }

  /** Everything given so far is handled. */
  handled(): void {
    for (const place of this.#places.values()) place.handled = place.given;
  }

  /** The last record of each partition that is given, or handled, and not committed. */
  uncommitted(what: "given" | "handled"): Position[] {
    const positions: Position[] = [];
    for (const place of this.#places.values()) {
      const { topic, partition } = place;
      if (place[what] > place.committed) positions.push({ topic, partition, offset: place[what] });
    }
    return positions;
  }

  /** Notes a commit. */
  committed({ topic, partition, offset }: Position): void {
    const place = this.#places.get(`${partition}/${topic}`);
    if (place !== undefined) place.committed = Math.max(place.committed, offset);
  }

  /** Forgets a partition: it is another's now, or reading goes on elsewhere. */
  forget({ topic, partition }: Pick<Position, "topic" | "partition">): void {
    this.#places.delete(`${partition}/${topic}`);
  }
}
