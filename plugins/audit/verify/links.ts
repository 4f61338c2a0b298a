/** Where a chain breaks, and which record did it: told by the link behind the break. */
export class Links {
  #head: string;
  #last: number;
  #suspect: number | undefined;

  /**
   * @param head What the first record must name; `undefined` where nobody knows.
   * @param found Told of each record that is not what it was.
   */
  constructor(
    private readonly first: number,
    head: string | undefined,
    private readonly found: (seq: number, why: string) => void,
  ) {
    this.#last = first - 1;
    this.#head = head ?? "";
  }

  /** Hash of the last record. */
  get head(): string {
    return this.#head;
  }

  /** The next record in its place. Its own link says whether the break before it was the other side's. */
  add(prev: string, hash: string): void {
    const holds = prev === this.#head || this.#head === "";
    if (this.#suspect !== undefined) {
      if (holds) this.#blame(this.#suspect);
      else {this.found(
          this.#suspect + 1,
          `its link, or it itself, is not what record ${this.#last + 1} names`,
        );}
      this.#suspect = undefined;
    } else if (!holds) this.#suspect = this.#last;
    this.#last++;
    this.#head = hash;
  }

  /** Goes on behind records that are missing: nothing is known of the link. */
  jump(seq: number, hash: string): void {
    this.end(0);
    this.#last = seq;
    this.#head = hash;
  }

  /** Nothing comes any more. `covered`: records a signature stands for. */
  end(covered: number): void {
    if (this.#suspect === undefined) return;
    const [before, behind] = [this.#suspect, this.#suspect + 1];
    if (before < covered) this.found(behind, `it does not name the hash of record ${before}`);
    else this.#blame(before);
    this.#suspect = undefined;
  }

  #blame(seq: number): void {
    if (seq < this.first) this.found(this.first, "it does not name what is known to be before it");
    else this.found(seq, `its hash is not what record ${seq + 1} names`);
  }
}
