import type { PublishRequest, Transaction } from "capstan";
import { leafHash, recordBytes, recordHash } from "../record/encode_record.ts";
import type { AuditRecord } from "../record/record.ts";
import type { Keyring } from "../seal/keyring.ts";
import { sealContent } from "../seal/seal_content.ts";
import { wasErasedSince } from "../erase/destroy_keys.ts";
import { growTree } from "./grow_tree.ts";
import { type PreparedRecord, prepareRecords } from "./prepare_records.ts";
import type { AppendedRecord, RecordInput } from "./record_input.ts";
import { makeWriter, type Writer } from "./writer.ts";

/** What records are appended with. */
export interface AppendOptions {
  /** Topic of the trail: `settings.topic`. */
  readonly topic: string;
  readonly keyring: Keyring;
  /** Milliseconds since 1970: when they are entered. */
  readonly now: number;
}

/** What was appended. */
export interface Appended {
  /** One for each input, in order; `null` where its source has a record already. */
  readonly records: readonly (AppendedRecord | null)[];
  /** To be published in the same transaction: return them from `write`, or from a command's `commit`. */
  readonly requests: readonly PublishRequest[];
}

/**
 * Appends records to the trail: numbered without gaps, sealed, chained, with their leaves in the tree. All of it is in
 * `tx`; whoever else appends waits for the write lock, and goes on from there.
 * @throws {MasterChangedError} the master key was rotated: open the keyring again.
 */
export function appendRecords(
  tx: Transaction,
  inputs: readonly RecordInput[],
  options: AppendOptions,
): Appended {
  return appendPrepared(tx, prepareRecords(inputs, options.keyring), options);
}

/** The same of records prepared before, so that the write lock is not held for it. */
export function appendPrepared(
  tx: Transaction,
  inputs: readonly PreparedRecord[],
  options: AppendOptions,
): Appended {
  const start = makeWriter(tx);
  let { next, head } = start;
  const records = inputs.map((input) => {
    if (input.source !== undefined && isKnown(tx, input.source)) return null;
    const appended = append(tx, input, { ...options, writer: { id: start.id, next, head } });
    next++;
    head = appended.hash;
    return appended;
  });
  growTree(tx, start.next, records.flatMap((record) => record ? [leafHash(record.bytes)] : []));
  if (next > start.next) tx.run("UPDATE audit_writer SET next_seq = ?, head = ?", next, head);
  const requests = records.flatMap((record): PublishRequest[] =>
    record ? [{ topic: options.topic, key: start.id, value: record.bytes, timestamp: options.now }] : []
  );
  return { records, requests };
}

function append(
  tx: Transaction,
  { kind, tenant, subject, facts, content, requestId, source, takenMs }: PreparedRecord,
  { keyring, now, writer }: AppendOptions & { writer: Writer },
): AppendedRecord {
  const seq = writer.next;
  const erased = subject !== undefined && takenMs !== undefined &&
    wasErasedSince(tx, { tenant, subject, sinceMs: takenMs });
  const record: AuditRecord = {
    v: 1,
    writer: writer.id,
    seq,
    time: new Date(now).toISOString(),
    kind,
    tenant,
    ...(subject !== undefined && { subject }),
    facts: erased ? { ...facts, erased } : facts,
    ...(content && !erased && {
      content: sealContent(
        content,
        keyring.keyFor(tx, { tenant, subject: subject ?? "", now }),
        { writer: writer.id, seq },
      ),
    }),
    prev: writer.head,
  };
  const bytes = recordBytes(record);
  tx.run(
    "INSERT INTO audit_records (seq, time_ms, kind, tenant, subject, request_id, source, record) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ...[seq, now, kind, tenant, subject ?? null, requestId ?? null, source ?? null, bytes],
  );
  return { seq, hash: recordHash(bytes), bytes };
}

function isKnown(tx: Transaction, source: string): boolean {
  return tx.get("SELECT 1 FROM audit_records WHERE source = ?", source) !== undefined;
}
