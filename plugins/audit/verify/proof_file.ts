import type { AuditRecord } from "../record/record.ts";

/** Shows that a record is in a trail: what `audit prove` writes, as JSON. */
export interface InclusionFile {
  readonly format: "capstan-audit-proof";
  readonly v: 1;
  readonly kind: "inclusion";
  readonly record: AuditRecord;
  /** Hashes from the leaf upwards, base64. */
  readonly proof: readonly string[];
  /** The signed note; its size is that of the tree. */
  readonly checkpoint: string;
}

/** Shows that a trail only grew between two checkpoints. */
export interface ConsistencyFile {
  readonly format: "capstan-audit-proof";
  readonly v: 1;
  readonly kind: "consistency";
  /** The earlier signed note. */
  readonly from: string;
  /** Hashes, base64. */
  readonly proof: readonly string[];
  /** The later signed note. */
  readonly checkpoint: string;
}

/** What `audit prove` writes. */
export type ProofFile = InclusionFile | ConsistencyFile;

/** `format` of a proof. */
export const PROOF_FORMAT = "capstan-audit-proof";
