import type { RecordBatch } from "../contract.ts";

/** How often the thread died over some records, and how. */
export interface Deaths {
  /** Times nothing but exactly these was worked on when it died. */
  count: number;
  /** The last of them, where there was one. */
  cause?: Error;
}

/** Watches over work that may end the thread it is done on. A death counts as an attempt of what was under way. */
export interface WorkWatch {
  /** A batch in the parts to be worked on: what was under way at a death stands by itself. */
  parts(batch: RecordBatch): RecordBatch[];
  /** How often the thread died over exactly these records. */
  deaths(batch: RecordBatch): Deaths;
  /**
   * Works on them under watch; what was under way at a death has the thread for itself.
   * @throws the reason of one of `signals`, when it aborts before their turn.
   */
  run<T>(batch: RecordBatch, signals: readonly AbortSignal[], work: () => Promise<T>): Promise<T>;
  /** They are committed. */
  settled(batch: RecordBatch, how: "handled" | "given up"): void;
}
