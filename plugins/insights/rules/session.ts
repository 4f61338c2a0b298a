/** A time in which a group was never silent for as long as its rule says; milliseconds since 1970. */
export interface Session {
  startMs: number;
  endMs: number;
  /** Node of its last event; `""`: none. */
  node: string;
}

/** One of two that are near enough to be one. */
export function joined(a: Session, b: Session): Session {
  const last = a.endMs > b.endMs || (a.endMs === b.endMs && a.node > b.node) ? a : b;
  return { startMs: Math.min(a.startMs, b.startMs), endMs: last.endMs, node: last.node };
}

/** Whether two are no further apart than `afterMs`. */
export function areNear(a: Session, b: Session, afterMs: number): boolean {
  return a.startMs <= b.endMs + afterMs && b.startMs <= a.endMs + afterMs;
}

/** Adds one to others that are all too far apart to be one; the outcome is so, too, whatever the order of adding. */
export function addSession(sessions: readonly Session[], added: Session, afterMs: number): Session[] {
  const near = sessions.filter((each) => areNear(each, added, afterMs));
  const others = sessions.filter((each) => !near.includes(each));
  return [...others, near.reduce(joined, added)];
}
