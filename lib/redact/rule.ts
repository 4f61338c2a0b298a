/** A place in a text that a rule claims: from `start` up to, not including, `end`. */
export interface Place {
  /** Index of its first UTF-16 unit. */
  readonly start: number;
  /** Index behind its last one. */
  readonly end: number;
}

/** One kind of thing that is looked for. Whatever it is made of takes time in proportion to the text. */
export interface Rule {
  /** As in the configuration: `email`. */
  readonly name: string;
  /** What it looks for, one sentence. */
  readonly doc: string;
  /**
   * Find candidates; global. Where one has a group named `secret`, that is what is replaced, else the whole match.
   */
  readonly patterns?: readonly RegExp[];
  /** Finds candidates that patterns alone can't. */
  find?(text: string): Iterable<Place>;
  /** Whether a candidate is one; default: all are. */
  accepts?(candidate: string): boolean;
  /** A text without this is not looked at: cheap, and true wherever something is found. */
  mayHave?(text: string): boolean;
  /** The one form of what may be written in several ways, for `hash`; default: as it stands. */
  canonical?(found: string): string;
}
