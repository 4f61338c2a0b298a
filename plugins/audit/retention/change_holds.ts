import { randomBytes } from "node:crypto";
import type { Transaction } from "capstan";
import type { RecordInput } from "../trail/record_input.ts";
import { NO_TENANT } from "../trail/turn_record.ts";
import type { Hold } from "./holds.ts";

/** What a hold is set on. */
export interface HoldInput {
  readonly tenant?: string;
  /** Of a user goes with a tenant. */
  readonly user?: string;
  readonly subject?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly reason: string;
  /** Who sets it: `cli:ada`. */
  readonly actor: string;
  readonly now: number;
}

/** Sets a hold; gives its id, and the record that says so. */
export function addHold(tx: Transaction, given: HoldInput): { id: string; record: RecordInput } {
  const { tenant, user, subject, fromMs, toMs, reason, actor, now } = given;
  const id = `h-${randomBytes(8).toString("hex")}`;
  tx.run(
    "INSERT INTO audit_holds (id, tenant, subject, from_ms, to_ms, reason, made_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ...[id, tenant ?? null, subject ?? null, fromMs ?? null, toMs ?? null, reason, now],
  );
  const record: RecordInput = {
    kind: "hold",
    tenant: tenant ?? NO_TENANT,
    ...(user !== undefined && { user }),
    facts: {
      action: "added",
      hold: id,
      scope: subject !== undefined ? "user" : tenant !== undefined ? "tenant" : "all",
      reason,
      actor,
      ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
      ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
    },
    source: `hold:${id}:added`,
  };
  return { id, record };
}

/**
 * Lifts a hold; gives the record that says so.
 * @throws {Error} there is no such hold, or it was lifted.
 */
export function liftHold(
  tx: Transaction,
  { id, reason, actor, now }: { id: string; reason: string; actor: string; now: number },
): RecordInput {
  const hold = tx.get<Hold>("SELECT * FROM audit_holds WHERE id = ?", id);
  if (!hold) throw new Error(`Cannot lift hold ${id}: there is none; see capstan audit hold list`);
  if (hold.lifted_ms !== null) {
    throw new Error(`Cannot lift hold ${id}: it was lifted at ${new Date(hold.lifted_ms).toISOString()}`);
  }
  tx.run("UPDATE audit_holds SET lifted_ms = ? WHERE id = ?", now, id);
  return {
    kind: "hold",
    tenant: hold.tenant ?? NO_TENANT,
    facts: { action: "lifted", hold: id, reason, actor },
    source: `hold:${id}:lifted`,
  };
}
