import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Reader } from "../../lib/store/contract.ts";
import { openStore } from "../../lib/store/open_store.ts";
import { leafHash, recordHash } from "../../plugins/audit/record/encode_record.ts";
import { type AuditContent, type AuditRecord, NO_RECORD } from "../../plugins/audit/record/record.ts";
import { reopenKeyring } from "../../plugins/audit/seal/open_keyring.ts";
import { openContent } from "../../plugins/audit/seal/seal_content.ts";
import { openCheckpoint, originOf } from "../../plugins/audit/tree/checkpoint.ts";
import { CompactRange } from "../../plugins/audit/tree/compact_range.ts";
import { parseVerifierKey } from "../../plugins/audit/tree/note_keys.ts";

/** A trail whose chain and checkpoints held. */
export interface Trail {
  readonly records: readonly { readonly record: AuditRecord; readonly content: AuditContent | null }[];
  /** Checkpoints of the file, which the store has, too. */
  readonly checkpoints: number;
  /** Ids of the ledger's turns. */
  readonly turns: readonly string[];
}

/** Reads the trail of an agent's folder; fails unless it is numbered without gaps, chained, and under its checkpoints. */
export async function readTrail(dir: string): Promise<Trail> {
  await using store = await openStore({ file: `${dir}/capstan.sqlite`, readOnly: true });
  const keyring = await reopenKeyring((work) => store.read(work), { folder: `${dir}/audit` });
  const notes = (await Deno.readTextFile(`${dir}/audit/checkpoints`)).split(/(?<=\n\n\u2014 [^\n]+\n)\n/)
    .filter(Boolean);
  return store.read((db) => {
    const rows = db.all<{ seq: number; record: Uint8Array }>(
      "SELECT seq, record FROM audit_records ORDER BY seq",
    );
    const roots = assertChained(db, rows);
    assertCheckpoints(db, { notes, roots });
    const records = rows.map(({ record: bytes }) => {
      const record: AuditRecord = JSON.parse(Buffer.from(bytes).toString());
      return { record, content: openContent(db, keyring, record) };
    });
    const turns = db.all<{ call_id: string }>("SELECT call_id FROM tapes_turns_v1");
    return { records, checkpoints: notes.length, turns: turns.map(({ call_id }) => call_id) };
  });
}

/** Gives the root of the tree at every size that a checkpoint in the store covers. */
function assertChained(
  db: Reader,
  rows: readonly { seq: number; record: Uint8Array }[],
): ReadonlyMap<number, string> {
  const writer = db.get<{ id: string; next_seq: number; head: string }>("SELECT * FROM audit_writer");
  const sizes = new Set(
    db.all<{ size: number }>("SELECT size FROM audit_checkpoints").map(({ size }) => size),
  );
  const roots = new Map<number, string>();
  const tree = new CompactRange();
  let prev = NO_RECORD;
  for (const { seq, record: bytes } of rows) {
    const record: AuditRecord = JSON.parse(Buffer.from(bytes).toString());
    assert.deepEqual([seq, record.seq, record.writer, record.prev], [tree.size, seq, writer?.id, prev]);
    prev = recordHash(bytes);
    tree.append(leafHash(bytes));
    if (sizes.has(tree.size)) roots.set(tree.size, Buffer.from(tree.root()).toString("hex"));
  }
  assert.deepEqual([writer?.next_seq, writer?.head], [rows.length, prev]);
  assert.deepEqual(
    publishedHashes(db),
    rows.map(({ record }) => recordHash(record)),
    "the topic has them all",
  );
  return roots;
}

/** Hashes of what the topic of the trail holds. A writer's records are in one of its partitions. */
function publishedHashes(db: Reader): string[] {
  const partitions = db.all<{ id: number }>(
    "SELECT id FROM log_partitions WHERE topic = 'ai.audit' AND next_offset > 0",
  );
  return partitions.flatMap(({ id }) =>
    db.all<{ value: Uint8Array }>(`SELECT value FROM log_${id} ORDER BY offset`).map(({ value }) =>
      recordHash(value)
    )
  );
}

/** Every checkpoint of the file holds, and covers what is there; the last covers all. */
function assertCheckpoints(
  db: Reader,
  { notes, roots }: { notes: readonly string[]; roots: ReadonlyMap<number, string> },
): void {
  const writer = db.get<{ id: string; signer: string }>("SELECT id, signer FROM audit_writer");
  assert.ok(writer);
  const key = parseVerifierKey(writer.signer);
  const seen = notes.map((note) => {
    const { origin, size, root } = openCheckpoint(note, [key]);
    assert.equal(origin, originOf(writer.id));
    assert.equal(Buffer.from(root).toString("hex"), roots.get(size), `the root at ${size}`);
    return size;
  });
  assert.deepEqual(seen, [...roots.keys()], "the file has the checkpoints of the store, once, in order");
}
