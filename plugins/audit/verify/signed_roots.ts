import type { CompactRange } from "../tree/compact_range.ts";
import { sameHash } from "../tree/hash.ts";
import type { DamageKind } from "./damage.ts";
import type { DueCheckpoint } from "./due_checkpoint.ts";
import type { Judgement, KeyRing } from "./key_ring.ts";

/** Where a signed root is not that of the records. */
export interface Mismatch {
  /** Records up to here were signed and hold. */
  readonly from: number;
  /** Records of the checkpoint. */
  readonly to: number;
  readonly where: string;
  readonly elsewhere: boolean;
}

/** Who is told. */
export interface SignedRootsEvents {
  damage(kind: DamageKind, why: string, where?: string, seq?: number): void;
  remark(text: string): void;
}

/** A writer's checkpoints: whether they are signed, and whether their roots are those of the records. */
export class SignedRoots {
  readonly #due = new Map<number, DueCheckpoint[]>();
  #announced: { size: number; where: string; by: string } | undefined;
  #announcedHeld = 0;
  #foreign = 0;
  #first = 0;
  /** Checkpoints that hold. */
  held = 0;
  /** Records up to which the last of them reaches. */
  covered = 0;
  /** Signed, but their root can't be compared. */
  unchecked = 0;
  /** The first signed root that is not that of the records. */
  mismatch: Mismatch | undefined;

  constructor(private readonly keys: KeyRing, private readonly events: SignedRootsEvents) {}

  /** A checkpoint, to be looked at once the trail has its size. */
  add(due: DueCheckpoint): void {
    const { size } = due.checkpoint;
    const others = this.#due.get(size);
    if (others) others.push(due);
    else this.#due.set(size, [due]);
  }

  /** The trail has `size` records; `tree` where it is theirs. Called before each record, so cheap. */
  at(size: number, tree: CompactRange | undefined): void {
    const group = this.#due.get(size);
    if (!group) return;
    this.#due.delete(size);
    this.#compare(size, this.#signed(group), tree?.root());
  }

  /** Checkpoints of fewer records than `first` can't be compared: those records were removed. */
  skip(first: number): void {
    this.#first = first;
    for (const [size, group] of [...this.#due]) {
      if (size >= first) continue;
      this.#due.delete(size);
      this.#compare(size, this.#signed(group), undefined);
      for (const { elsewhere, where } of group) {
        if (!elsewhere) continue;
        this.events.remark(
          `${where} can't be compared: it is of ${size} records, and ${first} were removed.`,
        );
      }
    }
  }

  /** The trail ends with `size` records. `explained`: why a root differs is known. */
  finish(size: number, explained: boolean): void {
    this.at(size, undefined);
    for (const [of, group] of [...this.#due].sort(([one], [other]) => one - other)) {
      const signed = this.#signed(group);
      this.#compare(of, signed, undefined);
      const [first] = signed;
      if (!first || of <= size) continue;
      const name = first.elsewhere ? first.where : `a signed checkpoint`;
      this.events.damage("truncated", `${name} is of ${of} records, and ${size} are here`, first.where, size);
    }
    this.#due.clear();
    if (this.#announced) {
      const { by, where, size } = this.#announced;
      this.events.damage(
        "unknown-key",
        `a checkpoint of ${size} records is signed by ${by}, no known key`,
        where,
      );
    }
    if (this.#foreign > 0) {
      const [what, were] = this.#foreign === 1
        ? ["signature of a key", "was"]
        : ["signatures of keys", "were"];
      this.events.remark(`${this.#foreign} ${what} that ${were} not given ${were} not checked.`);
    }
    if (this.mismatch && !explained) this.#rewritten(this.mismatch);
  }

  /** Those of a group that a key signed which may; of the others is told. */
  #signed(group: readonly DueCheckpoint[]): (DueCheckpoint & Judgement)[] {
    return group.map((due) => ({ ...due, ...this.keys.judge(due.note) })).filter((judged) => {
      const { verdict, why, where, unchecked, checkpoint: { size } } = judged;
      if (verdict === "good" || verdict === "announced") {
        this.#foreign += unchecked;
        return true;
      }
      const kind = verdict === "forged" ? "forged-checkpoint" : "unknown-key";
      this.events.damage(kind, `a checkpoint of ${size} records is not to be believed: ${why}`, where);
      return false;
    });
  }

  #compare(size: number, signed: readonly (DueCheckpoint & Judgement)[], root: Uint8Array | undefined): void {
    const [first, ...others] = signed;
    if (!first) return;
    const other = others.find(({ checkpoint }) => !sameHash(checkpoint.root, first.checkpoint.root));
    if (other) {
      const why = `two signed checkpoints of ${size} records differ: ${first.where} and ${other.where}`;
      this.events.damage("split-view", why, other.where);
    }
    for (const each of signed) {
      if (!root) this.unchecked++;
      else if (sameHash(each.checkpoint.root, root)) this.#holds(size, each);
      else if (!other) {
        this.mismatch ??= {
          from: Math.max(this.covered, this.#first),
          to: size,
          where: each.where,
          elsewhere: each.elsewhere,
        };
      }
    }
  }

  #holds(size: number, { verdict, note, where }: DueCheckpoint & Judgement): void {
    if (verdict === "good") {
      this.held += 1 + this.#announcedHeld;
      this.#announcedHeld = 0;
      this.#announced = undefined;
      this.covered = size;
      this.keys.signed();
      return;
    }
    this.#announcedHeld++;
    const [by] = note.signatures;
    this.#announced ??= { size, where, by: by ? `${by.name}+${by.id}` : "nobody" };
  }

  #rewritten({ from, to, where, elsewhere }: Mismatch): void {
    const which = to - from === 1 ? `record ${from}` : `one of the records ${from} to ${to - 1}`;
    if (elsewhere) {
      const why = `it is of ${to} records, and this trail is no continuation of it: ${which} is another`;
      this.events.damage("inconsistent", why, where, from);
    } else if (this.covered > to) {
      // What was signed later is what is here, so the records are not to blame.
      const why =
        `the signed root of ${to} records is not theirs, and that of ${this.covered} is: two views were signed`;
      this.events.damage("split-view", why, where);
    } else {
      const why = `the signed root of ${to} records is not theirs: ${which} was written again, chain and all`;
      this.events.damage("rewritten", why, where, from);
    }
  }
}
