/** Characters remembered of one generation, and the texts that are worth it. */
const GENERATION = 2_000_000;
const SHORTEST = 16;
const LONGEST = 100_000;

/**
 * What texts became, so that a conversation that is sent anew with each turn is read once. Bounded: two generations, of
 * which the older one is forgotten.
 */
export class RecentTexts {
  #young = new Map<string, string>();
  #old = new Map<string, string>();
  #size = 0;

  /** What a text became; `undefined`: not known. */
  get(text: string): string | undefined {
    if (text.length < SHORTEST || text.length > LONGEST) return undefined;
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    return old === undefined ? undefined : this.set(text, old);
  }

  /** Remembers it, and gives it back. */
  set(text: string, became: string): string {
    if (text.length < SHORTEST || text.length > LONGEST) return became;
    this.#size += text.length;
    if (this.#size > GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = text.length;
    }
    this.#young.set(text, became);
    return became;
  }
}
