import type { Damage } from "./damage.ts";

/** What was found of one writer's trail. */
export interface WriterReport {
  readonly writer: string;
  /** The first record that is kept: 0, unless older ones were removed. */
  readonly first: number;
  /** Records read. */
  readonly records: number;
  /** Number behind the last record. */
  readonly size: number;
  /** Checkpoints that are signed and whose root is that of these records. */
  readonly checkpoints: number;
  /** Records up to which the last of them reaches; those behind are covered by none. */
  readonly covered: number;
  /** Hash of the last record, 64 hexadecimal digits. */
  readonly head: string;
  /** Signed checkpoints whose records were removed or are damaged, so that their root can't be compared. */
  readonly unchecked: number;
}

/** What `audit verify` found. */
export interface VerifyReport {
  /** Whether nothing is wrong. */
  readonly sound: boolean;
  /** By writer. */
  readonly writers: readonly WriterReport[];
  /** Records that were given with a proof of their own, and hold. */
  readonly proven: number;
  /** What is wrong, the lowest number first; at most `MOST_DAMAGES`. */
  readonly damages: readonly Damage[];
  /** How much is wrong. */
  readonly damaged: number;
  /** Remarks: what was not checked, and why. */
  readonly remarks: readonly string[];
}

/** Damages a report has at most; the others are counted. */
export const MOST_DAMAGES = 100;
