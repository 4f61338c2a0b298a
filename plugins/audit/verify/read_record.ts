import { Buffer, isAscii } from "node:buffer";
import { readJson } from "capstan/json";
import { leafHash, recordHash } from "../record/encode_record.ts";
import type { AuditRecord } from "../record/record.ts";
import type { Damage } from "./damage.ts";
import { isCanonical } from "./is_canonical.ts";

/** What verification looks at of a record. */
export interface ChainedRecord
  extends Pick<AuditRecord, "writer" | "seq" | "prev" | "time" | "kind" | "tenant" | "subject"> {
  /** Of those kinds alone that say something of the trail itself. */
  readonly facts?: AuditRecord["facts"];
}

/** A record as it was read, with its hashes. */
export interface ReadRecord {
  readonly record: ChainedRecord;
  /** SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly hash: string;
  /** Its leaf in the tree. */
  readonly leaf: Uint8Array;
}

/** Why bytes are no record. */
export type RecordProblem = Pick<Damage, "kind" | "writer" | "seq" | "why">;

/** What was read of a record's bytes. */
export type RecordRead = ReadRecord | RecordProblem;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HASH = /^[0-9a-f]{64}$/;

/** Reads a record's bytes. One that is not canonical JSON, or of another version, is a problem. */
export function readRecord(bytes: Uint8Array): RecordRead {
  let text: string;
  let value: unknown;
  try {
    text = textOf(bytes);
    value = readJson(text);
  } catch {
    return { kind: "malformed", why: "it is no JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "malformed", why: "it is no JSON object" };
  }
  const record = value as Partial<Record<keyof AuditRecord, unknown>>;
  const named = {
    writer: typeof record.writer === "string" ? record.writer : undefined,
    seq: isCount(record.seq) ? record.seq : undefined,
  };
  if (record.v !== 1) {
    return { kind: "unknown-version", ...named, why: `its version is ${JSON.stringify(record.v)}, not 1` };
  }
  const wrong = wrongMember(record);
  if (wrong) return { kind: "malformed", ...named, why: `its ${wrong} is none` };
  if (!isCanonical(value, text)) {
    return { kind: "not-canonical", ...named, why: "it is not in canonical JSON (RFC 8785)" };
  }
  return { record: chained(value as AuditRecord), hash: recordHash(bytes), leaf: leafHash(bytes) };
}

function chained({ writer, seq, prev, time, kind, tenant, subject, facts }: AuditRecord): ChainedRecord {
  const record = { writer, seq, prev, time, kind, tenant, subject };
  return kind === "key" || kind === "retention" ? { ...record, facts } : record;
}

/** Most records are ASCII, which is read several times as fast. */
function textOf(bytes: Uint8Array): string {
  if (!isAscii(bytes)) return decoder.decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The first member that is not what a record of version 1 has there. */
function wrongMember(record: Partial<Record<keyof AuditRecord, unknown>>): string | undefined {
  if (typeof record.writer !== "string" || record.writer === "") return "writer";
  if (!isCount(record.seq)) return "seq";
  if (typeof record.time !== "string" || Number.isNaN(Date.parse(record.time))) return "time";
  if (typeof record.kind !== "string") return "kind";
  if (typeof record.tenant !== "string") return "tenant";
  if (typeof record.facts !== "object" || record.facts === null) return "facts";
  if (typeof record.prev !== "string" || !HASH.test(record.prev)) return "prev";
  return undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
