import { NO_RECORD } from "../record/record.ts";
import { originOf } from "../tree/checkpoint.ts";
import { CompactRange } from "../tree/compact_range.ts";
import { sameHash } from "../tree/hash.ts";
import type { NoteVerifier } from "../tree/note_keys.ts";
import type { Subtree } from "../tree/subtrees.ts";
import { type Anchor, anchorHashes, anchorOf, sameAnchor } from "./anchor.ts";
import type { Damages } from "./damages.ts";
import type { DamageKind } from "./damage.ts";
import type { DueCheckpoint } from "./due_checkpoint.ts";
import { KeyRing } from "./key_ring.ts";
import { Links } from "./links.ts";
import type { ChainedRecord, ReadRecord } from "./read_record.ts";
import type { WriterReport } from "./report.ts";
import { SignedRoots } from "./signed_roots.ts";

/** What one writer's verification is made of. */
export interface WriterVerifierOptions {
  readonly keys: readonly NoteVerifier[];
  readonly damages: Damages;
  readonly remark: (text: string) => void;
  /** Stored hashes to be held against those of the records; `undefined`: it is not stored. */
  readonly stored?: (subtree: Subtree) => Uint8Array | undefined;
}

/** Gaps that are remembered, to tell records that come later from missing ones. */
const MOST_GAPS = 1000;
/** Damages that say why a root differs. */
const EXPLAINING = ["altered", "duplicated", "not-canonical"] as const;

/** Records missing in one place, from..to - 1. */
interface Gap {
  readonly from: number;
  readonly to: number;
  found: number;
}

/** Verifies one writer's records and checkpoints as they come, in memory that does not grow with the records. */
export class WriterVerifier {
  readonly #roots: SignedRoots;
  readonly #keys: KeyRing;
  #links: Links | undefined;
  #tree = new CompactRange();
  #anchors: Anchor[] = [];
  #anchor: Anchor | undefined;
  /** A record says something else of what was removed. */
  #anchorOther = false;
  #anchorSaid: number | undefined;
  #first = 0;
  #next = 0;
  #records = 0;
  #gaps: Gap[] = [];
  /** Whether the tree is that of the records no more, so that roots can't be compared. */
  #broken = false;
  #leaves: number[] = [];

  constructor(readonly writer: string, private readonly options: WriterVerifierOptions) {
    this.#keys = new KeyRing(originOf(writer), options.keys);
    this.#roots = new SignedRoots(this.#keys, {
      damage: (kind, why, where, seq) => this.#damage(kind, seq, why, where),
      remark: options.remark,
    });
  }

  /** Number behind the last record. */
  get size(): number {
    return this.#next;
  }

  /** Hash of the last record; `undefined` before the first. */
  get head(): string | undefined {
    return this.#links?.head;
  }

  /** What may stand for removed records; of several the one that ends where the first record begins. */
  anchor(anchor: Anchor, where: string): void {
    if (this.#links) this.#damage("reordered", undefined, "an anchor stands behind records", where);
    else this.#anchors.push(anchor);
  }

  /** A checkpoint; one of more records than there are so far waits for them. */
  checkpoint(due: DueCheckpoint): void {
    const { size } = due.checkpoint;
    if (size < this.#next && size >= this.#first && !due.elsewhere) {
      this.#damage(
        "reordered",
        undefined,
        `a checkpoint of ${size} records stands behind ${this.#next}`,
        due.where,
      );
    }
    this.#roots.add(due);
    if (size < this.#first) this.#roots.skip(this.#first);
  }

  /** A record, in its place or not. */
  record(read: ReadRecord, where: string): void {
    const { record } = read;
    if (!this.#links) this.#start(record, where);
    this.#records++;
    if (record.seq === this.#next || record.prev === this.#links?.head) return this.#inPlace(read, where);
    if (record.seq > this.#next) return this.#behindGap(read);
    const gap = this.#gaps.find(({ from, to }) => record.seq >= from && record.seq < to);
    this.#records--;
    if (gap) {
      gap.found++;
      this.#damage("reordered", record.seq, `it stands behind record ${this.#next - 1}`, where);
    } else this.#damage("duplicated", record.seq, "there are two records of that number", where);
  }

  /** Bytes in a record's place that are none. */
  broken(kind: DamageKind, why: string, where: string): void {
    this.#settle();
    this.#damage(kind, this.#next, why, where);
    this.#broken = true;
    this.#links ??= this.#chain(this.#next, undefined);
    this.#links.jump(this.#next, "");
    this.#next++;
  }

  /** Nothing comes any more: says what is left open. */
  finish(): WriterReport {
    this.#settle();
    this.#links?.end(this.#roots.covered);
    this.#gaps.forEach((gap) => this.#close(gap));
    this.#leavesSay();
    this.#roots.finish(this.#next, this.#explained());
    this.#anchorSays();
    return {
      writer: this.writer,
      first: this.#first,
      records: this.#records,
      size: this.#next,
      checkpoints: this.#roots.held,
      covered: this.#roots.covered,
      head: this.#links?.head ?? "",
      unchecked: this.#roots.unchecked,
    };
  }

  #start({ seq }: ChainedRecord, where: string): void {
    // Older anchors, and those of records that were removed elsewhere but are still here, stand for nothing.
    this.#anchor = this.#anchors.filter(({ first }) => first <= seq).sort((one, other) =>
      one.first - other.first
    )
      .at(-1);
    this.#first = this.#next = this.#anchor?.first ?? seq;
    this.#roots.skip(this.#first);
    if (this.#anchor) {
      this.#tree = CompactRange.from(this.#anchor.first, anchorHashes(this.#anchor));
      this.#links = this.#chain(this.#first, this.#anchor.head);
      return;
    }
    this.#links = this.#chain(seq, seq === 0 ? NO_RECORD : undefined);
    if (seq === 0) return;
    this.#broken = true;
    const why = `records ${range(0, seq)} are gone, and nothing says that they were removed`;
    this.#damage("anchor-missing", seq, why, where);
  }

  #chain(first: number, head: string | undefined): Links {
    return new Links(first, head, (seq, why) => this.#damage("altered", seq, why));
  }

  #inPlace({ record, hash, leaf }: ReadRecord, where: string): void {
    this.#settle();
    if (record.seq !== this.#next) {
      this.#damage("altered", this.#next, `its number is ${record.seq}`, where);
      this.#broken = true;
    }
    this.#links?.add(record.prev, hash);
    if (!this.#broken) this.#grow(leaf);
    if (record.kind === "key") {
      const wrong = this.#keys.announce(record);
      if (wrong) this.options.remark(`Record ${record.seq} is about a key, but ${wrong}.`);
    }
    const said = record.kind === "retention" && anchorOf(record);
    if (said && said.first === this.#anchor?.first) {
      if (sameAnchor(said, this.#anchor)) this.#anchorSaid = record.seq;
      else this.#anchorOther = true;
    }
    this.#next++;
  }

  #behindGap({ record, hash }: ReadRecord): void {
    this.#settle();
    this.#gaps.push({ from: this.#next, to: record.seq, found: 0 });
    if (this.#gaps.length > MOST_GAPS) this.#close(this.#gaps.shift());
    this.#broken = true;
    this.#links?.jump(record.seq, hash);
    this.#next = record.seq + 1;
  }

  /** Adds a leaf, and holds the stored hashes against it; those above a wrong leaf are wrong by it. */
  #grow(leaf: Uint8Array): void {
    const { stored } = this.options;
    this.#tree.append(
      leaf,
      stored && ((subtree, hash) => {
        const found = stored(subtree);
        if (found && sameHash(found, hash)) return;
        if (subtree.level === 0) {
          if (this.#leaves.length < 1000) this.#leaves.push(subtree.number);
        } else if (this.#leaves.length === 0) {
          const why = `subtree ${subtree.number} of level ${subtree.level} is ${
            found ? "another" : "not there"
          }`;
          this.#damage("tree", this.#next, why, "audit_tree");
        }
      }),
    );
  }

  /** Records that did not come later either are missing. */
  #close(gap: Gap | undefined): void {
    if (!gap || gap.found >= gap.to - gap.from) return;
    const all = gap.to - gap.from;
    const some = gap.found > 0 ? `${all - gap.found} of the ` : "";
    this.#damage(
      "missing",
      gap.from,
      `${some}record${all > 1 ? "s" : ""} ${range(gap.from, gap.to)} ${all > 1 ? "are" : "is"} missing`,
    );
  }

  #settle(): void {
    this.#roots.at(this.#next, this.#broken ? undefined : this.#tree);
  }

  /** A stored leaf that is not the record's: which of the two was changed, the signatures tell. */
  #leavesSay(): void {
    const { damages } = this.options;
    for (const seq of this.#leaves) {
      if (damages.has("altered", this.writer, seq)) continue;
      const mismatch = this.#roots.mismatch;
      const signed = seq < this.#roots.covered;
      const within = mismatch && seq >= mismatch.from && !signed;
      if (within) this.#damage("altered", seq, "it is not the record whose leaf is stored", "audit_records");
      else {
        const why = `its stored leaf is not its own${signed ? "" : ", or it was altered"}`;
        this.#damage("tree", seq, why, "audit_tree");
      }
    }
  }

  /** Whether a record is known to be the cause of a root that is not the signed one. */
  #explained(): boolean {
    const { mismatch } = this.#roots;
    if (!mismatch) return true;
    if (this.#anchorOther) return true;
    return this.options.damages.within(EXPLAINING, this.writer, mismatch.from, mismatch.to);
  }

  #anchorSays(): void {
    if (!this.#anchor) return;
    const gone = range(0, this.#anchor.first);
    if (this.#anchorOther && this.#anchorSaid === undefined) {
      this.#damage(
        "anchor-altered",
        this.#first,
        `what stands for records ${gone} is not what the record of their removal says`,
      );
    } else if (this.#anchorSaid === undefined) {
      this.#damage(
        "anchor-missing",
        this.#first,
        `records ${gone} are gone, and no record says that they were removed`,
      );
    } else if (this.#anchorSaid >= this.#roots.covered && !this.#broken) {
      const why =
        `records ${gone} are gone, and no checkpoint covers record ${this.#anchorSaid}, which says so`;
      this.#damage("anchor-missing", this.#first, why);
    }
  }

  #damage(kind: DamageKind, seq: number | undefined, why: string, where?: string): void {
    this.options.damages.add({ kind, writer: this.writer, seq, where, why });
  }
}

/** `3`, or `3 to 5`. */
function range(from: number, to: number): string {
  return to - from === 1 ? String(from) : `${from} to ${to - 1}`;
}
