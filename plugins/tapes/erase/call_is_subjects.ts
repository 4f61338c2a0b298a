import type { ErasureSubject, Reader, Redaction } from "capstan";
import type { Call } from "../call.ts";
import type { ReadCall } from "../derive/read_call.ts";
import { toParsedCall, userOf } from "../derive/prepare_call.ts";
import type { Parsed } from "../turn.ts";
import { isSubject } from "./subject_turns.ts";

/** How a call is judged. */
export interface JudgeOptions {
  subject: ErasureSubject;
  parse(call: Call): Parsed;
  redact: Redaction;
}

/** Whether a kept call is the subject's: as its row of the ledger says, else as it says itself. */
export function callIsSubjects(
  db: Reader,
  read: ReadCall,
  { subject, parse, redact }: JudgeOptions,
): boolean {
  const meta = "call" in read ? read.call.meta : "meta" in read ? read.meta : undefined;
  // What can't be read at all can't be shown to be somebody else's; nothing can be made of it either.
  if (meta === undefined) return false;
  const row = db.get<{ reason: string | null } & Parameters<typeof isSubject>[1]>(
    "SELECT tenant, user, api_key_fingerprint, reason FROM turns WHERE call_id = ?",
    meta.id,
  );
  if (row && row.reason !== "deriver-failed") return isSubject(subject, row);
  return isSubject(subject, {
    tenant: meta.tenant && redact.identity(meta.tenant),
    user: "call" in read ? userIn(read.call, parse, redact) : meta.user && redact.identity(meta.user),
  });
}

function userIn(call: Call, parse: JudgeOptions["parse"], redact: Redaction): string | undefined {
  try {
    return userOf(toParsedCall(call, parse, redact));
  } catch {
    // A call the parsers fail on is named by its headers alone.
    return call.meta.user && redact.identity(call.meta.user);
  }
}
