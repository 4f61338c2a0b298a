/** A client's configuration that can't be used, with everything that is wrong with it. */
export class ClientConfigError extends TypeError {
  /** Marks the class. */
  override readonly name = "ClientConfigError";
  /** What is wrong, one sentence each; never shows a secret. */
  readonly problems: readonly string[];

  /** `what` completes "Cannot use …": `the producer's configuration`. */
  constructor(what: string, problems: readonly string[], options?: ErrorOptions) {
    super([`Cannot use ${what}:`, ...problems.map((problem) => `  ${problem}`)].join("\n"), options);
    this.problems = problems;
  }
}
