/** A node that shows what an insight says, and when it was. */
export type Evidence = readonly [timeMs: number, hash: string];

/** Nodes of an insight at most. */
export const MOST_EVIDENCE = 20;

/** The newest nodes of several lists, newest last, each once; the same in whichever order the lists come. */
export function mergeEvidence(...lists: readonly (readonly Evidence[])[]): Evidence[] {
  const newest = new Map<string, number>();
  for (const [timeMs, hash] of lists.flat()) {
    newest.set(hash, Math.max(timeMs, newest.get(hash) ?? -Infinity));
  }
  return [...newest].map(([hash, timeMs]): Evidence => [timeMs, hash])
    .sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
    .slice(-MOST_EVIDENCE);
}
