/** What a million tokens of a model cost. */
export interface Price {
  /** Models it is for: a name, or one with `*` for any characters. */
  readonly model: string;
  /** Of input that came from no cache. */
  readonly input: number;
  readonly output: number;
  /** Of input read from the cache. Default: `input`. */
  readonly cache_read?: number;
  /** Of input written to the cache. Default: `input`. */
  readonly cache_write?: number;
}

const MILLION = 1_000_000;

/** The price table: the longest pattern that fits a model's name is its price. */
export class Prices {
  readonly #prices: readonly { fits: RegExp; price: Price }[];

  constructor(prices: Iterable<Price>) {
    this.#prices = [...prices]
      .sort((a, b) => b.model.length - a.model.length || (a.model < b.model ? -1 : 1))
      .map((price) => ({ fits: pattern(price.model), price }));
  }

  /** What a turn costs, rounded to billionths; `undefined` where the model has no price or no tokens are known. */
  cost(model: string | undefined, usage: Readonly<Record<string, number>> | undefined): number | undefined {
    const found = model === undefined ? undefined : this.#prices.find(({ fits }) => fits.test(model));
    if (found === undefined || usage?.prompt_tokens === undefined) return undefined;
    const { input, output, cache_read = input, cache_write = input } = found.price;
    const read = usage.cache_read_input_tokens ?? 0, written = usage.cache_creation_input_tokens ?? 0;
    const fresh = Math.max(0, usage.prompt_tokens - read - written);
    const sum = fresh * input + read * cache_read + written * cache_write +
      (usage.completion_tokens ?? 0) * output;
    return Math.round(sum / MILLION * 1e9) / 1e9;
  }
}

function pattern(text: string): RegExp {
  return new RegExp(`^${text.split("*").map(RegExp.escape).join(".*")}$`, "s");
}
