import { setImmediate } from "node:timers";
import type { SqliteStore } from "../store/sqlite_store.ts";

/** Turns of the event loop in which nothing is written before it counts as rest, and how many are waited at most. */
const QUIET = 4;
const AT_MOST = 1_000;

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything go on that can, until nothing waits to be written any more. */
export async function rest(store: SqliteStore): Promise<void> {
  for (let quiet = 0, turns = 0; quiet < QUIET && turns < AT_MOST; turns++) {
    await turn();
    quiet = store.queued === 0 ? quiet + 1 : 0;
  }
}
