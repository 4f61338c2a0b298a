/**
 * What takes secrets and personal data out of what is stored (`[redact]`). Whatever is published, logged or counted goes
 * through it anyway; a plugin asks it for what it writes elsewhere: rows, files, hashes. Where it is off, everything is
 * left as it is.
 */
export interface Redaction {
  /** Whether anything is looked for. */
  readonly on: boolean;
  /** The text without what is found; the same text where nothing is. Twice is the same as once. */
  text(text: string): string;
  /** As `text`, but what differed still differs, by keyed hashes: for keys, names and ids. */
  identity(text: string): string;
  /** Any JSON value with its texts so, objects' keys too; the same reference where nothing is found. */
  value<V>(value: V): V;
  /** Bytes as only this agent can read them, for what must be kept as it was; where redaction is off, as they are. */
  seal(bytes: Uint8Array): Uint8Array;
  /**
   * What was sealed, also while redaction was on; other bytes as they are.
   * @throws {Error} the key is gone or another one, or the bytes were altered.
   */
  open(bytes: Uint8Array): Uint8Array;
}
