import type { Clock } from "../../../../lib/bus/clock.ts";

/** A clock whose waits end when the test says so. */
export interface DrivenClock extends Clock {
  time: number;
  /** Resolves when somebody waits for that long, and ends that wait. */
  pass(ms: number): Promise<void>;
  /** Resolves when somebody waits for that long. */
  awaited(ms: number): Promise<void>;
}

/** Time stands still. */
export function drivenClock(): DrivenClock {
  const sleeping: { ms: number; wake: () => void }[] = [];
  const passing: { ms: number; passed: () => void; wakes: boolean }[] = [];
  const meet = () => {
    for (const each of [...passing]) {
      const at = sleeping.findIndex(({ ms }) => ms === each.ms);
      if (at < 0) continue;
      if (each.wakes) sleeping.splice(at, 1)[0]?.wake();
      passing.splice(passing.indexOf(each), 1);
      each.passed();
    }
  };
  const meeting = (ms: number, wakes: boolean) =>
    new Promise<void>((passed) => {
      passing.push({ ms, passed, wakes });
      meet();
    });
  return {
    time: 1_000_000,
    now() {
      return this.time;
    },
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const one = { ms, wake: resolve };
        sleeping.push(one);
        signal?.addEventListener("abort", () => {
          const at = sleeping.indexOf(one);
          if (at >= 0) sleeping.splice(at, 1);
          resolve();
        }, { once: true });
        meet();
      });
    },
    pass: (ms) => meeting(ms, true),
    awaited: (ms) => meeting(ms, false),
  };
}
