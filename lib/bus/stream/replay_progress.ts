import { laneName } from "./lane.ts";
import type { Place } from "./rows_first.ts";

/** How far reading back is, over all partitions: in offsets, as not every offset is a record. */
export interface ReplayFigures {
  /** Offsets passed. */
  done: number;
  /** Offsets there are; less, once it is known where a partition begins. */
  total: number;
}

interface Part {
  from: number;
  at: number;
  to: number;
}

/** What is read back at the moment, to bring rows where they belong. */
export class ReplayProgress {
  readonly #parts = new Map<string, Part>();
  readonly #under = new Set<string>();
  readonly #onChange: () => void;
  #records = 0;

  /** `onChange` is called whenever a figure has changed. */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** `undefined`: nothing is read back. */
  get figures(): ReplayFigures | undefined {
    if (this.#under.size === 0) return undefined;
    const figures = { done: 0, total: 0 };
    for (const { from, at, to } of this.#parts.values()) {
      figures.done += at - from;
      figures.total += to - from;
    }
    return figures;
  }

  /** Records read back so far; it only grows. */
  get records(): number {
    return this.#records;
  }

  /** A partition is to be read from one offset up to another. */
  begin(place: Place, { from, to }: { from: number | null; to: number }): void {
    const start = Math.min(from ?? 0, to);
    this.#parts.set(laneName(place), { from: start, at: start, to });
    this.#under.add(laneName(place));
    this.#onChange();
  }

  /** So many records of it were handled, the first and the last of them at these offsets. */
  moved(place: Place, { first, last, records }: { first: number; last: number; records: number }): void {
    this.#records += records;
    const part = this.#parts.get(laneName(place));
    if (part === undefined) return;
    // What retention has taken is not there to be read.
    if (part.at === part.from) part.from = first;
    part.at = Math.min(last + 1, part.to);
    this.#onChange();
  }

  /** It was read, or is no concern of ours any more. */
  end(place: Place): void {
    const part = this.#parts.get(laneName(place));
    if (part) part.at = part.to;
    this.#under.delete(laneName(place));
    if (this.#under.size === 0) this.#parts.clear();
    this.#onChange();
  }
}
