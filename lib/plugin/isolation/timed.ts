import vm from "node:vm";

const KEY = "capstan.timed";
/** What a timer of 32 bits holds. */
const MAX_MS = 2 ** 31 - 1;

/** The thread was blocked for longer than it may be. */
export class BlockedError extends Error {
  /** Marks the class. */
  override readonly name = "BlockedError";
}

/**
 * Makes calls that are cut off when they block the thread: a loop without end, a regular expression that backtracks for
 * ever. Ending a Worker does not interrupt such a loop (Deno 2.9.5), a script's time limit does; 10 µs a call.
 * What runs after an `await` is not covered.
 */
export function timedCalls(): (work: () => void, limitMs: number) => void {
  const script = new vm.Script(`globalThis[Symbol.for("${KEY}")]()`);
  const place = { work: () => {} };
  Object.defineProperty(globalThis, Symbol.for(KEY), { value: () => place.work(), configurable: true });
  return (work, limitMs) => {
    if (!(limitMs <= MAX_MS)) return work();
    place.work = work;
    try {
      script.runInThisContext({ timeout: Math.max(1, Math.round(limitMs)) });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT")) {
        throw error;
      }
      throw new BlockedError(`it blocked its thread for longer than ${Math.round(limitMs)} ms`);
    }
  };
}
