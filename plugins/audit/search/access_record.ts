import type { RecordInput } from "../trail/record_input.ts";
import { NO_TENANT } from "../trail/turn_record.ts";
import type { Wanted } from "./selection.ts";

/** Who read what of the trail. */
export interface Access {
  readonly action: "export" | "read" | "search";
  /** `cli:ada`, or the token's name. */
  readonly actor: string;
  readonly wanted: Omit<Wanted, "user">;
  /** Fingerprints of the user that was asked for. */
  readonly subjects: readonly string[];
  /** How many records were given. */
  readonly records: number;
  /** `jsonl`, `csv` … */
  readonly format?: string;
  /** Whether a text was looked for; which one stands nowhere. */
  readonly text?: boolean;
  /** Whether contents stayed sealed. */
  readonly sealed?: boolean;
}

/** The record that the trail was read: no name and no text of anybody in it. */
export function accessRecord(
  { action, actor, wanted, subjects, records, format, text, sealed }: Access,
): RecordInput {
  const { tenant, fromMs, toMs } = wanted;
  return {
    kind: "access",
    tenant: tenant ?? NO_TENANT,
    facts: {
      action,
      actor,
      records,
      ...(format !== undefined && { format }),
      ...(subjects.length > 0 && { subjects }),
      ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
      ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
      ...(text && { text }),
      ...(sealed && { sealed }),
    },
  };
}
