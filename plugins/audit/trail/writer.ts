import { randomBytes } from "node:crypto";
import type { Reader, Transaction } from "capstan";
import { NO_RECORD } from "../record/record.ts";

/** Who writes in this file, and where its chain ends. */
export interface Writer {
  /** `w-` and 16 hexadecimal digits. */
  readonly id: string;
  /** Number of the next record; so many there are. */
  readonly next: number;
  /** Hash of the last record; 64 zeros where there is none. */
  readonly head: string;
}

/** The file's writer; `undefined` where nothing was written yet. */
export function writerOf(db: Reader): Writer | undefined {
  return db.get<{ id: string; next: number; head: string }>(
    "SELECT id, next_seq AS next, head FROM audit_writer",
  );
}

/** Public key that checkpoints are signed with (`name+id+key`); `undefined` where there is none yet. */
export function signerOf(db: Reader): string | undefined {
  return db.get<{ signer: string | null }>("SELECT signer FROM audit_writer")?.signer ?? undefined;
}

/** The file's writer, made where there is none. */
export function makeWriter(tx: Transaction): Writer {
  const known = writerOf(tx);
  if (known) return known;
  const id = `w-${randomBytes(8).toString("hex")}`;
  tx.run("INSERT INTO audit_writer (id, next_seq, head) VALUES (?, 0, ?)", id, NO_RECORD);
  return { id, next: 0, head: NO_RECORD };
}
