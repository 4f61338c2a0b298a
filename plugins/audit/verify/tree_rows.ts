import { Buffer } from "node:buffer";
import type { Reader } from "capstan";
import { HASH_BYTES } from "../tree/hash.ts";
import type { Subtree } from "../tree/subtrees.ts";

/** Rows read at once, of the leaves; of each level above half of it. */
const CHUNK = 4096;
/** Rows read at once at least. */
const LEAST = 32;

const FROM = "SELECT number, hash FROM audit_tree WHERE level = ? AND number >= ? ORDER BY number LIMIT ?";
/** A chunk in one row: its hashes are joined where SQLite has them, which takes a third of the time of rows. */
const JOINED = `SELECT min(number) AS first, max(number) AS last, count(*) AS rows, ` +
  `total(typeof(hash) <> 'blob' OR length(hash) <> ${HASH_BYTES}) AS strange, ` +
  `group_concat(hex(hash), '') AS digits FROM (${FROM})`;

/** Hashes of one level that stand side by side, from number `first` to `last`. */
interface Run {
  readonly first: number;
  readonly last: number;
  readonly hash: (number: number) => Uint8Array | undefined;
}

/** Reads `audit_tree` from left to right on every level at once, in chunks. */
export class TreeRows {
  readonly #levels: (Run | undefined)[] = [];

  constructor(private readonly read: <T>(work: (db: Reader) => T) => T) {}

  /** The hash of a subtree; on each level those asked for must grow. */
  take({ level, number }: Subtree): Uint8Array | undefined {
    let run = this.#levels[level];
    if (!run || number > run.last) {
      run = this.#levels[level] = this.read((db) => runOf(db, level, number));
    }
    return run.hash(number);
  }
}

function runOf(db: Reader, level: number, from: number): Run {
  const limit = Math.max(LEAST, Math.floor(CHUNK / 2 ** level));
  const { first, last, rows, strange, digits } = db.get<JoinedRow>(JOINED, level, from, limit)!;
  if (first === null || last === null) return { first: from, last: Infinity, hash: () => undefined };
  if (strange > 0 || last - first + 1 !== rows) return oneByOne(db, { level, from, limit });
  const bytes = Buffer.from(digits ?? "", "hex");
  const hash = (number: number) => {
    const at = (number - first) * HASH_BYTES;
    return at < 0 ? undefined : bytes.subarray(at, at + HASH_BYTES);
  };
  return { first, last, hash };
}

interface JoinedRow {
  readonly first: number | null;
  readonly last: number | null;
  readonly rows: number;
  /** Hashes that are none. */
  readonly strange: number;
  readonly digits: string | null;
}

/** Where rows are missing or are no hashes. */
function oneByOne(
  db: Reader,
  { level, from, limit }: { level: number; from: number; limit: number },
): Run {
  const rows = db.all<{ number: number; hash: unknown }>(FROM, level, from, limit);
  const hashes = new Map(rows.map(({ number, hash }) => [number, hash]));
  const hash = (number: number) => {
    const found = hashes.get(number);
    return found instanceof Uint8Array ? found : undefined;
  };
  return { first: from, last: rows.at(-1)?.number ?? from, hash };
}
