import { Buffer } from "node:buffer";
import type { Reader } from "capstan";
import { NO_RECORD } from "../record/record.ts";
import { readCheckpoint } from "../tree/checkpoint.ts";
import { sameHash } from "../tree/hash.ts";
import { frontierOf } from "../tree/subtrees.ts";
import type { Anchor } from "./anchor.ts";
import { readRecord } from "./read_record.ts";
import type { RecordRow, TrailItem } from "./trail_verifier.ts";

/** Records read at once. */
const CHUNK = 1000;

type Read = <T>(work: (db: Reader) => T) => T;

/** A trail in SQLite, as it was when it was asked for. */
export interface StoredTrail {
  /** Who writes it; `undefined` where there is no record yet. */
  readonly writer: string | undefined;
  /** Records kept. */
  readonly records: number;
  /** Records, each followed by the checkpoints of its size. */
  items(): Iterable<TrailItem>;
}

interface WriterRow {
  id: string;
  next_seq: number;
  head: string;
}

/** The trail that a SQLite file holds. What is appended meanwhile is left out. */
export function storedTrail(read: Read): StoredTrail {
  const { writer, end, records } = read((db) => ({
    writer: db.get<WriterRow>("SELECT id, next_seq, head FROM audit_writer"),
    end: (db.get<{ n: number | null }>("SELECT max(seq) AS n FROM audit_records")?.n ?? -1) + 1,
    records: db.get<{ n: number }>("SELECT count(*) AS n FROM audit_records")?.n ?? 0,
  }));
  return { writer: writer?.id, records, items: () => items(read, writer, end) };
}

function* items(read: Read, writer: WriterRow | undefined, end: number): Iterable<TrailItem> {
  const first = firstRow(read);
  if (writer && first && first.seq > 0) yield* anchors(read, writer.id, first);
  const checkpoints = new CheckpointRows(read);
  let last: Uint8Array | undefined;
  for (let from = first?.seq ?? end; from < end;) {
    yield* checkpoints.upTo(from);
    const rows = chunk(read, from, end);
    for (const row of rows) {
      yield* checkpoints.upTo(row.seq);
      yield { type: "record", bytes: row.record, where: `audit_records row ${row.seq}`, row };
      last = row.record;
    }
    from = (rows.at(-1)?.seq ?? end) + 1;
  }
  yield* checkpoints.upTo(Infinity, end);
  yield* loose(read, writer, end, last);
}

type StoredRow = RecordRow & { readonly record: Uint8Array };

function firstRow(read: Read): StoredRow | undefined {
  return read((db) => db.get<StoredRow>("SELECT * FROM audit_records ORDER BY seq LIMIT 1"));
}

function chunk(read: Read, from: number, end: number): StoredRow[] {
  const sql = "SELECT seq, time_ms, kind, tenant, subject, record FROM audit_records " +
    "WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?";
  return read((db) => db.all<StoredRow>(sql, from, end, CHUNK));
}

/** What the tree says of records that are gone; a record must say so too. */
function* anchors(read: Read, writer: string, { seq, record }: StoredRow): Iterable<TrailItem> {
  const hashes = read((db) =>
    frontierOf(seq).map(({ level, number }) =>
      db.get<{ hash: Uint8Array }>(
        "SELECT hash FROM audit_tree WHERE level = ? AND number = ?",
        level,
        number,
      )
        ?.hash
    )
  );
  const known = hashes.filter((hash) => hash !== undefined);
  const parsed = readRecord(record);
  if (known.length < hashes.length || !("record" in parsed)) return;
  const subtrees = known.map((hash) => Buffer.from(hash).toString("hex"));
  const anchor: Anchor = { writer, first: seq, head: parsed.record.prev, subtrees };
  yield { type: "anchor", anchor, where: "audit_tree" };
}

interface CheckpointRow {
  size: number;
  root: Uint8Array;
  note: string;
}

/** Reads `audit_checkpoints` beside the records, in chunks. */
class CheckpointRows {
  #rows: CheckpointRow[] = [];
  #after = -1;
  #end = false;

  constructor(private readonly read: Read) {}

  /** Those of at most `size` records that were not given before. Those of more than `end` are left where they belong. */
  *upTo(size: number, end = size): Iterable<TrailItem> {
    for (;;) {
      const row = this.#rows[0] ?? this.#more();
      if (!row || row.size > size) return;
      this.#rows.shift();
      const where = `audit_checkpoints row ${row.size}`;
      yield* columns(row, where);
      yield { type: "checkpoint", note: row.note, where };
      if (row.size > end) this.#after = row.size;
    }
  }

  #more(): CheckpointRow | undefined {
    if (this.#end) return undefined;
    const sql = "SELECT size, root, note FROM audit_checkpoints WHERE size > ? ORDER BY size LIMIT 500";
    this.#rows = this.read((db) => db.all<CheckpointRow>(sql, this.#after));
    this.#after = this.#rows.at(-1)?.size ?? this.#after;
    this.#end = this.#rows.length === 0;
    return this.#rows[0];
  }
}

function* columns({ size, root, note }: CheckpointRow, where: string): Iterable<TrailItem> {
  try {
    const said = readCheckpoint(note);
    if (said.size === size && sameHash(said.root, root)) return;
    const why = `size or root beside the checkpoint of ${said.size} records says something else than it does`;
    yield { type: "damage", damage: { kind: "index", where, why } };
  } catch {
    // What is no checkpoint is told of where it is read.
  }
}

/** What the trail ends with: its writer's row, and hashes behind the last record. */
function* loose(
  read: Read,
  writer: WriterRow | undefined,
  end: number,
  last: Uint8Array | undefined,
): Iterable<TrailItem> {
  const where = "audit_writer";
  const whose = writer?.id;
  const damage = (
    kind: "truncated" | "index" | "tree" | "altered",
    why: string,
    seq?: number,
  ): TrailItem => ({
    type: "damage",
    damage: { kind, writer: whose, seq, where, why },
  });
  if (!writer) {
    if (end > 0) yield damage("index", "there are records, and no writer");
    return;
  }
  const now = read((db) => db.get<WriterRow>("SELECT id, next_seq, head FROM audit_writer"));
  const grown = (now?.next_seq ?? 0) > writer.next_seq;
  if (writer.next_seq > end) {
    yield damage("truncated", `${writer.next_seq} records were written, and the last is ${end - 1}`, end);
  } else if (writer.next_seq < end) {
    yield damage("index", `the next number is ${writer.next_seq}, and the last record is ${end - 1}`);
  } else {
    const parsed = last && readRecord(last);
    const head = parsed && "record" in parsed ? parsed.hash : end === 0 ? NO_RECORD : undefined;
    if (head !== undefined && head !== writer.head) {
      yield damage("altered", "its hash is not the one kept as the last", Math.max(0, end - 1));
    }
  }
  const sql = "SELECT count(*) AS n FROM audit_tree WHERE level = 0 AND number >= ?";
  const leaves = grown ? 0 : read((db) => db.get<{ n: number }>(sql, end)?.n ?? 0);
  if (leaves > 0) {
    yield damage("truncated", `the tree has ${leaves} leaves behind the last record`, end);
  }
}
