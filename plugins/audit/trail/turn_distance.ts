import type { PluginStore, Reader, Transaction } from "capstan";
import { turnSource } from "./turn_record.ts";

/** Turns behind the newest recorded one that are looked at again after a start: they need not come in the ledger's order. */
const BACK = 10_000;

/** Turns that are looked at one by one. */
const LOOK = 20_000;

/** Where turns without a record begin to count: the ledger's end when the trail began. */
export function beginTurns(tx: Transaction): void {
  tx.run("UPDATE audit_writer SET turns_from = ? WHERE turns_from IS NULL", newestTurn(tx));
}

/** Turns of the ledger, since the trail began, that have no record yet. */
export class TurnDistance {
  readonly #store: Pick<PluginStore, "read">;
  /** Up to this row of the ledger every turn has a record. */
  #through: number | undefined;

  constructor(store: Pick<PluginStore, "read">) {
    this.#store = store;
  }

  /** How many there are; reads what came since it was asked the last time. */
  count(): number {
    return this.#store.read((db) => {
      if (!hasLedger(db)) return 0;
      this.#through ??= beginning(db);
      let missing = 0;
      const rows = db.all<{ id: number; call_id: string }>(
        "SELECT id, call_id FROM tapes_turns_v1 WHERE id > ? ORDER BY id LIMIT ?",
        this.#through,
        LOOK,
      );
      for (const { id, call_id } of rows) {
        if (!isRecorded(db, call_id)) missing++;
        else if (missing === 0) this.#through = id;
      }
      // Beyond so many they are not looked at one by one: records come in about the ledger's order.
      return rows.length < LOOK ? missing : missing + newestTurn(db) - rows.at(-1)!.id;
    });
  }
}

function isRecorded(db: Reader, id: string): boolean {
  return db.get("SELECT 1 FROM audit_records WHERE source = ?", turnSource({ id, revision: 1 })) !==
    undefined;
}

function beginning(db: Reader): number {
  const from = db.get<{ turns_from: number | null }>("SELECT turns_from FROM audit_writer")?.turns_from ?? 0;
  const newest = db.get<{ request_id: string }>(
    "SELECT request_id FROM audit_records WHERE kind = 'turn' AND request_id IS NOT NULL ORDER BY seq DESC LIMIT 1",
  );
  const row = newest &&
    db.get<{ id: number }>("SELECT id FROM tapes_turns_v1 WHERE call_id = ?", newest.request_id);
  return Math.max(from, (row?.id ?? 0) - BACK);
}

function newestTurn(db: Reader): number {
  return hasLedger(db)
    ? db.get<{ id: number | null }>("SELECT max(id) AS id FROM tapes_turns_v1")?.id ?? 0
    : 0;
}

/** The tapes plugin's view is there where that plugin ran once. */
function hasLedger(db: Reader): boolean {
  return db.get("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'tapes_turns_v1'") !== undefined;
}
