/** One kind of thing that is looked for. */
export interface Rule {
  /** As in the configuration: `email`. */
  readonly name: string;
  /** What it looks for, one sentence. */
  readonly doc: string;
  /**
   * Finds candidates; global. Where it has a group named `secret`, that is what is replaced, else the whole match.
   */
  readonly patterns: readonly RegExp[];
  /** Whether a candidate is one; default: all are. */
  accepts?(candidate: string): boolean;
  /** A text without this is not looked at: cheap, and true wherever a pattern matches. */
  mayHave?(text: string): boolean;
}
