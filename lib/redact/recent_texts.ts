/** Characters remembered of one generation, what an entry costs beside its own, and the longest text that is worth it. */
const GENERATION = 2_000_000;
const ENTRY = 32;
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
    if (text.length > LONGEST) return undefined;
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    return old === undefined ? undefined : this.set(text, old);
  }

  /** Remembers it, and gives it back. */
  set(text: string, became: string): string {
    if (text.length > LONGEST) return became;
    this.#size += text.length + ENTRY;
    if (this.#size > GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = text.length + ENTRY;
    }
    this.#young.set(text, became);
    return became;
  }
}
