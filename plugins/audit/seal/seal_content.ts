import { Buffer } from "node:buffer";
import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import type { AuditContent, AuditRecord, SealedContent } from "../record/record.ts";
import { close, open } from "./box.ts";
import type { Keyring, SubjectKey } from "./keyring.ts";

/** Which record it is in. */
export type RecordPlace = Pick<AuditRecord, "writer" | "seq">;

/** Seals JSON under a subject's key, bound to its record: its further data are `capstan audit content WRITER SEQ`. */
export function sealContent(content: Uint8Array, { id, key }: SubjectKey, place: RecordPlace): SealedContent {
  const closed = close(key, content, aboutContent(place));
  return {
    key: id,
    iv: closed.toString("base64", 0, 12),
    data: closed.toString("base64", 12),
  };
}

/**
 * Opens a record's content; `null` where it has none, or its key was destroyed.
 * @throws {Error} it was altered.
 */
export function openContent(
  db: Reader,
  keyring: Keyring,
  record: Pick<AuditRecord, "writer" | "seq" | "content">,
): AuditContent | null {
  const { content } = record;
  if (!content) return null;
  const key = keyring.keyById(db, content.key);
  if (!key) return null;
  const closed = Buffer.concat([Buffer.from(content.iv, "base64"), Buffer.from(content.data, "base64")]);
  return readJson(open(key, closed, aboutContent(record)).toString()) as AuditContent;
}

function aboutContent({ writer, seq }: RecordPlace): string {
  return `capstan audit content ${writer} ${seq}`;
}
