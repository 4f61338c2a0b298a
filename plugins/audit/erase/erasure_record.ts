import type { ErasureOutcome } from "capstan";
import type { RecordInput } from "../trail/record_input.ts";

/** Who is erased, and who asked for it. */
export interface ErasureWho {
  readonly tenant: string;
  readonly user: string;
  /** `cli:ada`. */
  readonly actor: string;
}

/** The record that a subject's keys were destroyed. */
export function keysDestroyed({ tenant, user, actor }: ErasureWho, keys: readonly string[]): RecordInput {
  return { kind: "erasure", tenant, user, facts: { action: "keys_destroyed", keys, actor } };
}

/** The record of what was removed from what plugins keep. */
export function dataRemoved(
  { tenant, user, actor }: ErasureWho,
  { plugins, beyond }: ErasureOutcome,
  keys: readonly string[],
): RecordInput {
  const counts = plugins.flatMap(({ plugin, removed }) =>
    Object.entries(removed).filter(([, count]) => count > 0).map((
      [what, count],
    ) => [`${plugin}.${what}`, count])
  );
  return {
    kind: "erasure",
    tenant,
    user,
    facts: {
      ...Object.fromEntries(counts),
      action: "data_removed",
      actor,
      beyond: [...plugins.flatMap((each) => each.beyond), ...beyond],
      ...(keys.length > 0 && { keys }),
    },
  };
}
