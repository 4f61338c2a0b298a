import { writerOf } from "../tree/checkpoint.ts";
import type { NoteVerifier } from "../tree/note_keys.ts";
import { NoteError } from "../tree/signed_note.ts";
import type { Subtree } from "../tree/subtrees.ts";
import type { Anchor } from "./anchor.ts";
import type { Damage } from "./damage.ts";
import { Damages } from "./damages.ts";
import { type DueCheckpoint, dueCheckpoint } from "./due_checkpoint.ts";
import { type ChainedRecord, readRecord, type RecordRead } from "./read_record.ts";
import type { VerifyReport } from "./report.ts";
import { WriterVerifier } from "./writer_verifier.ts";

/** What a trail is verified with. */
export interface TrailVerifierOptions {
  /** Keys that are trusted. */
  readonly keys: readonly NoteVerifier[];
  /** The only writer whose records may be here. */
  readonly writer?: string;
  /** Stored hashes to be held against those of that writer's records. */
  readonly stored?: (subtree: Subtree) => Uint8Array | undefined;
}

/** What stands beside a record, for look-ups; null where the record has no such thing. */
export interface RecordRow {
  readonly seq: number;
  /** Milliseconds since 1970, with fractions. */
  readonly time_ms: number;
  readonly kind: string;
  readonly tenant: string;
  readonly subject: string | null;
}

/** One piece of a trail, in the order of its source. */
export type TrailItem =
  | {
    readonly type: "record";
    readonly bytes: Uint8Array;
    readonly where: string;
    readonly row?: RecordRow;
    /** What was read of its bytes, where they have been read. */
    readonly read?: RecordRead;
  }
  | {
    readonly type: "checkpoint";
    readonly note: string;
    readonly where: string;
    readonly elsewhere?: boolean;
  }
  | { readonly type: "anchor"; readonly anchor: Anchor; readonly where: string }
  | { readonly type: "proven"; readonly remark?: string }
  | { readonly type: "damage"; readonly damage: Damage };

/**
 * Verifies trails of any number of writers in one pass: numbers, chain, tree, checkpoints, keys. Memory is that of the
 * checkpoints still ahead.
 */
export class TrailVerifier {
  readonly #writers = new Map<string, WriterVerifier>();
  readonly #damages = new Damages();
  readonly #remarks = new Set<string>();
  #elsewhere: DueCheckpoint[] = [];
  #last: WriterVerifier | undefined;
  #proven = 0;

  constructor(private readonly options: TrailVerifierOptions) {}

  /** The next piece. */
  add(item: TrailItem): void {
    if (item.type === "record") this.#record(item.read ?? readRecord(item.bytes), item.where, item.row);
    else if (item.type === "checkpoint") this.#checkpoint(item.note, item.where, item.elsewhere ?? false);
    else if (item.type === "anchor") this.#writer(item.anchor.writer).anchor(item.anchor, item.where);
    else if (item.type === "damage") this.#damages.add(item.damage);
    else {
      this.#proven++;
      if (item.remark) this.#remarks.add(item.remark);
    }
  }

  /** Nothing comes any more. */
  finish(): VerifyReport {
    const unknown = this.#elsewhere.filter(({ checkpoint }) =>
      !this.#writers.has(writerOf(checkpoint.origin) ?? "")
    );
    for (const { where, checkpoint: { origin, size } } of unknown) {
      const why = `it is of ${size} records of ${origin}, and none of them is here`;
      this.#damages.add({ kind: "truncated", where, why });
    }
    const writers = [...this.#writers.values()].map((writer) => writer.finish());
    const strange = this.options.keys.filter(({ name }) => !this.#writers.has(writerOf(name) ?? ""));
    for (const { name, id } of strange) {
      this.#remarks.add(`The key ${name}+${id} is no writer's that was found.`);
    }
    if (strange.length > 0 && strange.length === this.options.keys.length && this.#writers.size > 0) {
      // Another trail in the place of the one whose key is kept elsewhere holds by itself.
      const why = "no record is of a writer whose key was given: this is another trail";
      this.#damages.add({ kind: "missing", why });
    }
    const damages = this.#damages;
    return {
      sound: damages.count === 0,
      writers,
      proven: this.#proven,
      damages: damages.list(),
      damaged: damages.count,
      remarks: [...this.#remarks],
    };
  }

  #record(read: RecordRead, where: string, row?: RecordRow): void {
    if (!("record" in read)) {
      const known = this.#writers.get(this.options.writer ?? read.writer ?? "") ?? this.#last;
      if (known) known.broken(read.kind, read.why, where);
      else this.#damages.add({ ...read, where });
      return;
    }
    const { record: { writer, seq, prev } } = read;
    const wanted = this.options.writer ?? writer;
    let found = this.#writers.get(writer);
    if (wanted !== writer || (!found && seq > 0)) {
      // A record whose writer was changed still follows the one before it.
      const before = [...this.#writers.values()].find(({ head }) => head === prev) ??
        (wanted === writer ? undefined : this.#writer(wanted));
      if (before && before !== found) {
        before.broken("altered", `its writer is ${writer}`, where);
        return;
      }
    }
    if (row) this.#compareRow(read.record, row, where);
    found ??= this.#writer(writer);
    this.#last = found;
    found.record(read, where);
  }

  #compareRow(record: ChainedRecord, row: RecordRow, where: string): void {
    const { writer, seq } = record;
    const wrong: string[] = [];
    if (row.seq !== seq) wrong.push("seq");
    if (Math.floor(row.time_ms) !== Date.parse(record.time)) wrong.push("time_ms");
    if (row.kind !== record.kind) wrong.push("kind");
    if (row.tenant !== record.tenant) wrong.push("tenant");
    if (row.subject !== (record.subject ?? null)) wrong.push("subject");
    if (wrong.length === 0) return;
    const why = `${wrong.join(", ")} beside the record ${
      wrong.length > 1 ? "say" : "says"
    } something else than it does`;
    this.#damages.add({ kind: "index", writer, seq, where, why });
  }

  #checkpoint(note: string, where: string, elsewhere: boolean): void {
    try {
      const due = dueCheckpoint(note, where, elsewhere);
      const writer = writerOf(due.checkpoint.origin);
      if (writer === undefined || (this.options.writer ?? writer) !== writer) {
        const why = `a checkpoint is of ${due.checkpoint.origin}, no trail of this kind`;
        this.#damages.add({ kind: "forged-checkpoint", where, why });
      } else if (elsewhere && !this.#writers.has(writer)) this.#elsewhere.push(due);
      else this.#writer(writer).checkpoint(due);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      this.#damages.add({
        kind: "forged-checkpoint",
        where,
        why: `a checkpoint is malformed: ${error.message}`,
      });
    }
  }

  #writer(writer: string): WriterVerifier {
    const known = this.#writers.get(writer);
    if (known) return known;
    const made = new WriterVerifier(writer, {
      keys: this.options.keys,
      damages: this.#damages,
      remark: (text) => void this.#remarks.add(text),
      stored: this.options.stored,
    });
    this.#writers.set(writer, made);
    for (const due of this.#elsewhere) if (writerOf(due.checkpoint.origin) === writer) made.checkpoint(due);
    return made;
  }
}
