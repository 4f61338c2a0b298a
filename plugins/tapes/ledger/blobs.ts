import { hash } from "node:crypto";
import type { Json } from "../turn.ts";
import type { Reader, Transaction } from "capstan";

/** A value kept once, however many turns have it. */
export interface Blob {
  /** SHA-256 of `json`, in hex. */
  hash: string;
  json: string;
}

/** Writes a value as a blob. */
export function toBlob(value: Json): Blob {
  const json = JSON.stringify(value);
  return { hash: hash("sha256", json, "hex"), json };
}

/** Which of these hashes are stored. */
export function knownBlobs(db: Reader, hashes: Iterable<string>): Set<string> {
  const asked = [...new Set(hashes)];
  if (asked.length === 0) return new Set();
  const rows = db.all<{ hash: string }>(
    "SELECT b.hash FROM json_each(?) j CROSS JOIN blobs b WHERE b.hash = j.value",
    JSON.stringify(asked),
  );
  return new Set(rows.map((row) => row.hash));
}

/** Stores a blob that may be there already. */
export function insertBlob(tx: Transaction, blob: Blob): void {
  tx.run("INSERT INTO blobs (hash, json) VALUES (?, ?) ON CONFLICT DO NOTHING", blob.hash, blob.json);
}
