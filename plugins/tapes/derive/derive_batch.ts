import type { PublishRequest, Reader, Transaction } from "capstan";
import { knownBlobs } from "../ledger/blobs.ts";
import { findResponse } from "../ledger/conversation_of.ts";
import { beginDeriving, endDeriving } from "../ledger/foreign_nodes.ts";
import { hasNode } from "../ledger/nodes.ts";
import { knownCalls, type StoredTurn, turnOfCall } from "../ledger/turns.ts";
import type { Ancestor } from "./chain.ts";
import {
  failedCall,
  findNew,
  hashCall,
  type ParsedCall,
  type PreparedCall,
  requestOf,
} from "./prepare_call.ts";
import { writeCall } from "./write_call.ts";

/** What came of a batch of calls. */
export interface BatchResult {
  events: PublishRequest[];
  /** New nodes. */
  nodes: number;
  /** New or changed rows of the ledger. */
  turns: number;
}

/** A batch of calls, read up to the point where nothing but inserts is left. */
export interface PreparedBatch {
  /** Calls that could not be hashed, a bug of ours, by id; their rows say so. */
  failed: ReadonlyMap<string, unknown>;
  /**
   * Writes it; may be called again after a rollback.
   * @throws {CallError} one call could not be written.
   */
  write(tx: Transaction): BatchResult;
}

/** A call of a batch that could not be written. */
export class CallError extends Error {
  override readonly name = "CallError";
  constructor(
    /** Id of the call. */
    readonly callId: string,
    options: ErrorOptions,
  ) {
    super(`Cannot write call ${callId}: its rows were refused; it is set aside`, options);
  }
}

/** Which calls of a batch are derived. */
export interface BatchOptions {
  /** Derives calls that have a row already, and replaces rows that differ. Default: only rows that say `deriver-failed`. */
  again?: boolean;
}

/** Hashes calls one after the other, against what is stored and what those before them will store. */
class Hasher {
  /** Calls that could not be hashed, by id. */
  readonly failed = new Map<string, unknown>();
  readonly #nodes = new Set<string>();
  readonly #responses = new Map<string, Ancestor>();

  constructor(private readonly db: Reader) {}

  /** A call ready to be written. A bug that shows in it makes a row that says so. */
  prepare(call: ParsedCall): PreparedCall {
    try {
      const hashed = hashCall(call, this.#ancestor(call));
      const prepared = findNew(hashed, (hash) => this.#nodes.has(hash) || hasNode(this.db, hash));
      warm(prepared);
      this.#remember(prepared);
      return prepared;
    } catch (cause) {
      if (isStorage(cause)) throw cause;
      this.failed.set(call.meta.id, cause);
      return failedCall(call.meta, cause);
    }
  }

  #ancestor({ meta, parsed }: ParsedCall): Ancestor | undefined {
    const id = requestOf(parsed)?.previous_response_id;
    if (id === undefined) return undefined;
    const tenant = meta.tenant ?? null;
    const pending = this.#responses.get(JSON.stringify([id, tenant]));
    if (pending !== undefined) return pending;
    const stored = findResponse(this.db, { id, tenant, before: Number.MAX_SAFE_INTEGER });
    return stored && { head: stored.head_hash, root: stored.root_hash };
  }

  #remember({ meta, parsed, chain, newFrom }: PreparedCall): void {
    if (!("turn" in parsed) || chain === undefined) return;
    const { turn } = parsed;
    for (const node of chain.request.slice(newFrom)) this.#nodes.add(node.hash);
    for (const node of chain.answers) this.#nodes.add(node.hash);
    const [answer] = chain.answers;
    if (turn.endpoint === "responses" && turn.response_id !== undefined && answer !== undefined) {
      const key = JSON.stringify([turn.response_id, meta.tenant ?? null]);
      this.#responses.set(key, { head: answer.hash, root: chain.root ?? answer.hash });
    }
  }
}

/** Makes the JSON of all that will be written, so that the write lock is held for inserts alone. */
function warm({ chain, newFrom }: PreparedCall): void {
  for (const node of chain?.request.slice(newFrom) ?? []) node.stored;
  for (const node of chain?.answers ?? []) node.stored;
}

/** Whether the node that the call's new ones go on from is stored no more. */
function isCutOff(db: Reader, { chain, newFrom }: PreparedCall): boolean {
  const before = chain?.request[newFrom - 1]?.hash ?? chain?.request[0]?.parent ?? null;
  return before !== null && !hasNode(db, before);
}

function isStorage(error: unknown): boolean {
  return error instanceof Error && error.name === "StoreError" && "failure" in error &&
    error.failure !== "constraint" && error.failure !== "other";
}

/** Reads what is known of these calls and hashes those to be derived. `calls` are parsed. */
export function prepareBatch(
  read: <T>(work: (db: Reader) => T) => T,
  calls: readonly ParsedCall[],
  { again = false }: BatchOptions = {},
): PreparedBatch {
  const { prepared, failed, blobs, rows } = read((db) => {
    const known = knownCalls(db, calls.map(({ meta }) => meta.id));
    const seen = new Set<string>();
    const due = calls.filter(({ meta }) => {
      if (seen.has(meta.id)) return false;
      seen.add(meta.id);
      return again || !known.has(meta.id) || known.get(meta.id) === "deriver-failed";
    });
    const hasher = new Hasher(db);
    return {
      prepared: due.map((call) => hasher.prepare(call)),
      failed: hasher.failed,
      blobs: due.flatMap(({ system, tools }) => [system?.hash ?? [], tools?.hash ?? []].flat()),
      rows: new Set(known.keys()),
    };
  });
  return {
    failed,
    write(tx) {
      const result: BatchResult = { events: [], nodes: 0, turns: 0 };
      // Here and not above: an erasure may have removed some since.
      const stored = knownBlobs(tx, blobs);
      beginDeriving(tx);
      for (const call of prepared) {
        try {
          const existing: StoredTurn | undefined = rows.has(call.meta.id)
            ? turnOfCall(tx, call.meta.id)
            : undefined;
          const written = writeCall(tx, call, { existing, blobs: stored });
          for (const event of written.events) result.events.push(event);
          result.nodes += written.nodes;
          result.turns += Number(written.turn);
        } catch (cause) {
          if (isStorage(cause)) throw cause;
          if (isCutOff(tx, call)) {
            throw new Error(
              "Cannot write calls: what they go on from was erased just now; they are read again",
              {
                cause,
              },
            );
          }
          throw new CallError(call.meta.id, { cause });
        }
      }
      endDeriving(tx);
      return result;
    },
  };
}
