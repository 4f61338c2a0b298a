import type { StoreFailure } from "./contract.ts";
import { StoreError } from "./error.ts";

/** SQLite's primary result codes, by what they mean to a caller. */
const FAILURES: ReadonlyMap<number, StoreFailure> = new Map<number, StoreFailure>([
  [5, "locked"], // BUSY
  [6, "locked"], // LOCKED
  [8, "readonly"], // READONLY
  [10, "io"], // IOERR
  [11, "corrupt"], // CORRUPT
  [13, "full"], // FULL
  [14, "readonly"], // CANTOPEN
  [19, "constraint"], // CONSTRAINT
  [26, "corrupt"], // NOTADB
]);

const ADVICE: Readonly<Record<StoreFailure, string>> = {
  locked: "another process holds it; wait or stop that process",
  full: "free space on its disk",
  readonly: "check the owner and the permissions of the file and its folder",
  corrupt: "restore a backup, or start with another file",
  closed: "open it again",
  io: "check its disk",
  constraint: "the rows already there exclude it",
  other: "see the cause",
};

/** The failure an error of `node:sqlite` stands for; `"other"` for what is none. */
export function failureOf(error: unknown): StoreFailure {
  if (error instanceof StoreError) return error.failure;
  if (!(error instanceof Error)) return "other";
  if ("errcode" in error && typeof error.errcode === "number") {
    // The low byte is the primary code; the rest tells variants apart that need the same answer.
    return FAILURES.get(error.errcode & 0xff) ?? "other";
  }
  // Opening fails without a code.
  if (error.message.startsWith("unable to open database file")) return "readonly";
  return "other";
}

/** Whether SQLite itself threw `error`. */
export function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

/** A `StoreError` that names action, file, state and what to do, with `cause` below it. */
export function storeError(action: string, file: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const failure = failureOf(cause);
  const state = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(failure, `Cannot ${action} ${file}: ${state}; ${ADVICE[failure]}`, { cause });
}
