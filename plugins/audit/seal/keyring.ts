import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Reader, Transaction } from "capstan";
import { close, KEY_BYTES, open } from "./box.ts";
import type { MasterKey } from "./master_key.ts";
import type { MasterKeys } from "./master_keys.ts";
import { UnusableKey } from "./unusable_key.ts";

/** Keys of the trail's own, in `audit_secrets`. */
type SecretName = "fingerprint" | "intake";

/** A subject's key. */
export interface SubjectKey {
  /** Its id, in `audit_keys`. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** Unwrapped keys of subjects kept at most; beyond it the oldest goes. */
const KEPT = 4_096;

/** Another master wraps the keys than this keyring knows: read the master keys again. */
export class MasterChangedError extends Error {
  /** Marks the class. */
  override readonly name = "MasterChangedError";
}

/** Opens the keys that lie wrapped in the store. */
export class Keyring {
  readonly #master: MasterKey;
  readonly #fingerprint: Uint8Array;
  /** Closes what waits to be entered. */
  readonly intake: Uint8Array;
  readonly #unwrapped = new Map<string, Uint8Array>();

  private constructor(db: Reader, master: MasterKey) {
    this.#master = master;
    this.#fingerprint = secret(db, master, "fingerprint");
    this.intake = secret(db, master, "intake");
  }

  /** Makes the trail's own keys where there are none. */
  static prepare(tx: Transaction, { keys: [master] }: MasterKeys): void {
    if (!master || wrappedBy(tx) !== undefined) return;
    // From the master, so that fingerprints can be made again where only the records and the master are left.
    const derived = hkdfSync("sha256", master.key, "", "capstan audit fingerprint", KEY_BYTES);
    put(tx, master, "fingerprint", new Uint8Array(derived));
    put(tx, master, "intake", randomBytes(KEY_BYTES));
  }

  /**
   * Opens it.
   * @throws {UnusableKey} none of the master keys is the one that wraps; names the file.
   */
  static open(db: Reader, { keys, where }: MasterKeys): Keyring {
    const by = wrappedBy(db);
    const master = keys.find(({ id }) => id === by);
    if (master) return new Keyring(db, master);
    const held = keys.map(({ id }) => id).join(", ");
    throw new UnusableKey(
      `Cannot open the keys of the audit trail: they are wrapped under master key ${by}, and ${where} holds ${held}; ` +
        "put the right key there",
    );
  }

  /** Whether the store's keys are still wrapped by the master this keyring has. */
  isCurrent(db: Reader): boolean {
    return wrappedBy(db) === this.#master.id;
  }

  /** Keyed fingerprint of a user of a tenant: 32 hexadecimal digits; the same as long as the trail exists. */
  subject(tenant: string, user: string): string {
    // Lengths in front, so that no two pairs read alike.
    const text = JSON.stringify([tenant, user]);
    return createHmac("sha256", this.#fingerprint).update(text).digest("hex").slice(0, 32);
  }

  /**
   * The key of a subject, made where it has none; `""` stands for whoever of the tenant is not named.
   * @throws {MasterChangedError} the master was rotated.
   */
  keyFor(tx: Transaction, who: { tenant: string; subject: string; now: number }): SubjectKey {
    const found = tx.get<KeyRow>(
      "SELECT id, master, wrapped FROM audit_keys WHERE tenant = ? AND subject = ? AND wrapped IS NOT NULL",
      who.tenant,
      who.subject,
    );
    if (found) return { id: found.id, key: this.#unwrap(found) };
    if (!this.isCurrent(tx)) throw new MasterChangedError("Cannot make a key: the master key was rotated");
    const id = `k-${randomBytes(8).toString("hex")}`;
    const key = randomBytes(KEY_BYTES);
    tx.run(
      "INSERT INTO audit_keys (id, tenant, subject, master, wrapped, made_ms) VALUES (?, ?, ?, ?, ?, ?)",
      ...[id, who.tenant, who.subject, this.#master.id, wrap(this.#master, key, id), who.now],
    );
    return { id, key };
  }

  /** The key of that id; `null` where it was destroyed or there never was one. */
  keyById(db: Reader, id: string): Uint8Array | null {
    const found = db.get<KeyRow>(
      "SELECT id, master, wrapped FROM audit_keys WHERE id = ? AND wrapped IS NOT NULL",
      id,
    );
    return found ? this.#unwrap(found) : null;
  }

  /** Wraps all that `from` wraps under another master. Returns how many keys those were. */
  static rewrap(tx: Transaction, from: MasterKey, to: MasterKey): number {
    const secrets = tx.all<KeyRow>(
      "SELECT name AS id, master, wrapped FROM audit_secrets WHERE master = ?",
      from.id,
    );
    const keys = tx.all<KeyRow>(
      "SELECT id, master, wrapped FROM audit_keys WHERE master = ? AND wrapped IS NOT NULL",
      from.id,
    );
    for (const row of secrets) {
      const wrapped = wrap(to, unwrap(from, row), row.id);
      tx.run("UPDATE audit_secrets SET master = ?, wrapped = ? WHERE name = ?", to.id, wrapped, row.id);
    }
    for (const row of keys) {
      const wrapped = wrap(to, unwrap(from, row), row.id);
      tx.run("UPDATE audit_keys SET master = ?, wrapped = ? WHERE id = ?", to.id, wrapped, row.id);
    }
    return secrets.length + keys.length;
  }

  #unwrap(row: KeyRow): Uint8Array {
    const known = this.#unwrapped.get(row.id);
    if (known) return known;
    if (row.master !== this.#master.id) {
      throw new MasterChangedError(`Cannot open key ${row.id}: it is wrapped under master key ${row.master}`);
    }
    const key = unwrap(this.#master, row);
    if (this.#unwrapped.size >= KEPT) this.#unwrapped.delete(this.#unwrapped.keys().next().value ?? "");
    this.#unwrapped.set(row.id, key);
    return key;
  }
}

interface KeyRow {
  id: string;
  master: string;
  wrapped: Uint8Array;
}

/** Id of the master that wraps the trail's keys; `undefined` where there are none yet. */
export function wrappedBy(db: Reader): string | undefined {
  return db.get<{ master: string }>("SELECT master FROM audit_secrets WHERE name = 'fingerprint'")?.master;
}

function put(tx: Transaction, master: MasterKey, name: SecretName, key: Uint8Array): void {
  tx.run(
    "INSERT INTO audit_secrets (name, master, wrapped) VALUES (?, ?, ?)",
    name,
    master.id,
    wrap(master, key, name),
  );
}

function secret(db: Reader, master: MasterKey, name: SecretName): Uint8Array {
  const row = db.get<KeyRow>("SELECT name AS id, master, wrapped FROM audit_secrets WHERE name = ?", name);
  if (row) return unwrap(master, row);
  throw new Error(
    `Cannot open the keys of the audit trail: its ${name} key is not in the file; take it from a backup`,
  );
}

function wrap(master: MasterKey, key: Uint8Array, id: string): Uint8Array {
  return close(master.key, key, `capstan audit key ${id}`);
}

function unwrap(master: MasterKey, { id, wrapped }: KeyRow): Uint8Array {
  return open(master.key, wrapped, `capstan audit key ${id}`);
}
