/** Logical names, as code has them, and real ones, as the bus has them. */
export class TopicNames {
  readonly #real: ReadonlyMap<string, string>;
  readonly #logical: ReadonlyMap<string, string>;

  /** `renamed` holds logical and real name of each topic that has another. */
  constructor(readonly renamed: readonly (readonly [logical: string, real: string])[]) {
    this.#real = new Map(renamed);
    this.#logical = new Map(renamed.map(([logical, real]) => [real, logical]));
  }

  /** The name on the bus. */
  real(logical: string): string {
    return this.#real.get(logical) ?? logical;
  }

  /** The name in code. */
  logical(real: string): string {
    return this.#logical.get(real) ?? real;
  }
}
