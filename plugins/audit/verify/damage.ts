/** What is wrong with a trail. */
export type DamageKind =
  /** A record is not the one that was written. */
  | "altered"
  /** Records were written again, chain and all: they are not those that were signed. */
  | "rewritten"
  /** Records are gone. */
  | "missing"
  /** Records or checkpoints stand in another order. */
  | "reordered"
  /** A number is there more than once. */
  | "duplicated"
  /** The end is gone. */
  | "truncated"
  /** Bytes that are no record. */
  | "malformed"
  /** A record that says what it says, but not in canonical JSON. */
  | "not-canonical"
  /** A record of a version that is not known. */
  | "unknown-version"
  /** A checkpoint whose signature does not hold, or that is none. */
  | "forged-checkpoint"
  /** A checkpoint that no known key signed. */
  | "unknown-key"
  /** Two signed checkpoints of one size that differ. */
  | "split-view"
  /** A checkpoint kept elsewhere of which this trail is no continuation. */
  | "inconsistent"
  /** Records are gone, and no signed record of their removal is there. */
  | "anchor-missing"
  /** What is said of removed records is not what was signed. */
  | "anchor-altered"
  /** A stored hash of the tree is not that of the records. */
  | "tree"
  /** A column beside a record says something else. */
  | "index"
  /** The file around the records is damaged. */
  | "format";

/** One thing that is wrong. */
export interface Damage {
  readonly kind: DamageKind;
  /** Whose trail; absent where it can't be said. */
  readonly writer?: string;
  /** Number of the record; absent where it is about none. */
  readonly seq?: number;
  /** Where it was read: `line 12`. */
  readonly where?: string;
  /** What is wrong, as a sentence without its full stop. */
  readonly why: string;
}
