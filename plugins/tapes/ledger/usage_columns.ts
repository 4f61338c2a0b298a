import type { Usage } from "../turn.ts";

/** The usage that tapes' table and events know, in the order of its events. */
export const NODE_USAGE = [
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
] as const satisfies readonly (keyof Usage)[];

/** A node's usage columns; zeros are left out, as tapes does. */
export type NodeUsage = { [K in typeof NODE_USAGE[number]]?: number };

/** A count as SQLite's INTEGER takes it: fractions and what is beyond 2^53 are no counts. */
export function count(value: number | undefined): number | null {
  return value !== undefined && Number.isSafeInteger(value) ? value : null;
}

/** What tapes keeps of a usage: no zeros; `undefined` where nothing is left. */
export function nodeUsage(usage: Usage | undefined): NodeUsage | undefined {
  const kept: NodeUsage = {};
  for (const key of NODE_USAGE) {
    const value = count(usage?.[key]);
    if (value !== null && value > 0) kept[key] = value;
  }
  return Object.keys(kept).length > 0 ? kept : undefined;
}
