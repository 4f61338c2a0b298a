import type { Erasure, ErasureSubject, Reader } from "capstan";
import { headsOf, IS_SUBJECT, subjectParams, type SubjectTurn } from "./subject_turns.ts";

/** Rows of the ledger looked at in one read. */
const STEP = 20_000;

/** Where turns of others end, as far as those nodes are on a path of the subject's. */
export class OtherHeads {
  readonly #subject: ErasureSubject;
  readonly #onPaths: ReadonlySet<string>;
  readonly #heads = new Set<string>();
  #upTo = 0;

  private constructor(subject: ErasureSubject, onPaths: ReadonlySet<string>) {
    this.#subject = subject;
    this.#onPaths = onPaths;
  }

  /** Looks through the whole ledger, in reads of a few milliseconds. `onPaths` are the nodes that are asked about. */
  static async find(
    { store, subject, show, signal }: Erasure,
    onPaths: ReadonlySet<string>,
  ): Promise<OtherHeads> {
    const found = new OtherHeads(subject, onPaths);
    const last = store.read((db) => newest(db));
    while (found.#upTo < last) {
      signal.throwIfAborted();
      const to = Math.min(last, found.#upTo + STEP);
      store.read((db) => found.#add(db, to));
      await show({ what: "looking for shared turns", done: to, total: last });
    }
    return found;
  }

  /** Whether a turn of somebody else's ends there; to be asked in a transaction that called `catchUp`. */
  has(hash: string): boolean {
    return this.#heads.has(hash);
  }

  /** Takes in what was entered since. */
  catchUp(db: Reader): void {
    this.#add(db, newest(db));
  }

  #add(db: Reader, to: number): void {
    const turns = db.iterate<SubjectTurn>(
      `SELECT id, head_hash, other_answers FROM turns
       WHERE id > ? AND id <= ? AND head_hash IS NOT NULL AND (${IS_SUBJECT}) IS NOT TRUE`,
      this.#upTo,
      to,
      ...subjectParams(this.#subject),
    );
    for (const turn of turns) {
      for (const hash of headsOf(turn)) if (this.#onPaths.has(hash)) this.#heads.add(hash);
    }
    this.#upTo = Math.max(this.#upTo, to);
  }
}

function newest(db: Reader): number {
  return db.get<{ id: number | null }>("SELECT max(id) AS id FROM turns")?.id ?? 0;
}
