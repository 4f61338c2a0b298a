import { Buffer } from "node:buffer";
import { createHash, hash } from "node:crypto";
import canonicalize from "canonicalize";
import { hashOfHex } from "../tree/hash.ts";
import type { AuditRecord } from "./record.ts";

/** A record's bytes: canonical JSON (RFC 8785) in UTF-8. */
export function recordBytes(record: AuditRecord): Uint8Array {
  const text = canonicalize(record);
  if (text === undefined) throw new TypeError("Cannot write an audit record: it is no JSON value");
  return Buffer.from(text);
}

/** SHA-256 of a record's bytes, 64 hexadecimal digits: what the next record names as `prev`. */
export function recordHash(bytes: Uint8Array): string {
  return hash("sha256", bytes, "hex");
}

/** The record's leaf in the tree: SHA-256 of a zero byte and its bytes (RFC 6962, section 2.1). */
export function leafHash(bytes: Uint8Array): Uint8Array {
  return hashOfHex(createHash("sha256").update(LEAF).update(bytes).digest("hex"));
}

const LEAF = Uint8Array.of(0);
