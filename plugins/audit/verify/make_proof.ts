import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import type { AuditRecord } from "../record/record.ts";
import { toBase64 } from "../tree/base64.ts";
import { readCheckpoint } from "../tree/checkpoint.ts";
import { consistencyProof, inclusionProof } from "../tree/proofs.ts";
import type { Subtree, SubtreeHashes } from "../tree/subtrees.ts";
import { type ConsistencyFile, type InclusionFile, PROOF_FORMAT } from "./proof_file.ts";

/** The last checkpoint of a trail, or that of one size. */
export interface KeptCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** The checkpoint of the most records; with `size` the one of so many. */
export function keptCheckpoint(db: Reader, size?: number): KeptCheckpoint | undefined {
  const columns = "SELECT size, note FROM audit_checkpoints";
  return size === undefined
    ? db.get<KeptCheckpoint>(`${columns} ORDER BY size DESC LIMIT 1`)
    : db.get<KeptCheckpoint>(`${columns} WHERE size = ?`, size);
}

/** The number of a record: itself, or that of the request it was made for. */
export function seqOf(db: Reader, given: string): number | undefined {
  const bySeq = /^[0-9]+$/.test(given) ? Number(given) : undefined;
  if (bySeq !== undefined && Number.isSafeInteger(bySeq)) {
    return db.get<{ seq: number }>("SELECT seq FROM audit_records WHERE seq = ?", bySeq)?.seq;
  }
  const sql = "SELECT seq FROM audit_records WHERE request_id = ? ORDER BY seq DESC LIMIT 1";
  return db.get<{ seq: number }>(sql, given)?.seq;
}

/**
 * Shows that a record is in the trail, under a checkpoint.
 * @throws {RangeError} the checkpoint does not cover it.
 * @throws {Error} the trail lacks what it takes.
 */
export function proveInclusion(db: Reader, seq: number, { size, note }: KeptCheckpoint): InclusionFile {
  const row = db.get<{ record: Uint8Array }>("SELECT record FROM audit_records WHERE seq = ?", seq);
  if (!row) throw new Error(`Cannot prove record ${seq}: it is not there`);
  const record = readJson(new TextDecoder().decode(row.record)) as AuditRecord;
  const proof = inclusionProof(storedHashes(db), seq, size).map(toBase64);
  return { format: PROOF_FORMAT, v: 1, kind: "inclusion", record, proof, checkpoint: note };
}

/**
 * Shows that the trail only grew between two checkpoints.
 * @throws {RangeError} the first is of more records.
 * @throws {Error} the trail lacks what it takes.
 */
export function proveConsistency(db: Reader, from: string, { size, note }: KeptCheckpoint): ConsistencyFile {
  const { size: first } = readCheckpoint(from);
  const proof = consistencyProof(storedHashes(db), first, size).map(toBase64);
  return { format: PROOF_FORMAT, v: 1, kind: "consistency", from, proof, checkpoint: note };
}

function storedHashes(db: Reader): SubtreeHashes {
  return ({ level, number }: Subtree) => {
    const sql = "SELECT hash FROM audit_tree WHERE level = ? AND number = ?";
    const row = db.get<{ hash: Uint8Array }>(sql, level, number);
    if (row) return row.hash;
    throw new Error(
      `Cannot prove it: subtree ${number} of level ${level} is not kept; its records may have been removed`,
    );
  };
}
