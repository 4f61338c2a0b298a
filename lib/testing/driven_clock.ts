import { setImmediate } from "node:timers";
import type { Clock } from "../bus/clock.ts";

/** How many times as fast as in life a flowing clock goes. */
export const FLOW_PACE = 10;
/** Real milliseconds between two of its steps. */
const STEP_MS = 5;

type Kind = "plain" | "back-off" | "idle";

interface Sleeper {
  due: number;
  /** `back-off`: a stream waits before it tries again; `idle`: nobody stops at that moment for it. */
  kind: Kind;
  wake(): void;
}

/** How a driven clock begins, and what must be so before streams' waits between attempts are skipped. */
export interface DrivenClockOptions {
  /** Milliseconds since 1970. */
  now: number;
  /** Asked before a wait is skipped. */
  maySkip(): boolean;
}

/** Time that stands still until a test moves it. */
export class DrivenClock implements Clock {
  readonly #options: DrivenClockOptions;
  readonly #sleepers = new Set<Sleeper>();
  #now: number;
  /** How far sleepers are ahead of `now` while the clock flows. */
  #flowed = 0;
  #flowing = false;
  #skipping = 0;

  constructor(options: DrivenClockOptions) {
    this.#options = options;
    this.#now = options.now;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#now;
  }

  /** See `Clock`. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sleep(ms, "plain", signal);
  }

  /** The clock of streams: their waits are skipped while somebody waits for them. */
  get ofStreams(): Clock {
    return {
      now: () => this.now(),
      sleep: (ms, signal) => {
        const slept = this.#sleep(ms, "back-off", signal);
        // Not at once: what fails again and again must let others have their turn.
        setImmediate(() => this.skipDue());
        return slept;
      },
    };
  }

  /** The clock of what looks at something now and then: a long time passes in one step. */
  get ofIdlers(): Clock {
    return { now: () => this.now(), sleep: (ms, signal) => this.#sleep(ms, "idle", signal) };
  }

  /** Streams that wait to try again. */
  get backOffs(): number {
    return this.#dueOf("back-off").length;
  }

  /** Moves to the next moment somebody sleeps until, but not beyond `until`. Whether somebody woke. */
  step(until: number): boolean {
    const due = Math.min(...this.#dueOf("plain"), ...this.#dueOf("back-off"));
    const woken = due <= until;
    this.#now = Math.max(this.#now, Math.min(due, until));
    this.#wake();
    return woken;
  }

  /** Streams' waits are skipped, each moving the time, until it is disposed of. */
  skip(): Disposable {
    this.#skipping++;
    this.skipDue();
    return { [Symbol.dispose]: () => void this.#skipping-- };
  }

  /** Ends the waits that may be skipped now. */
  skipDue(): void {
    // What flows goes on by itself, and looks at real work now and then meanwhile.
    while (this.#skipping > 0 && !this.#flowing && this.backOffs > 0 && this.#options.maySkip()) {
      this.step(Math.min(...this.#dueOf("back-off")));
    }
  }

  /** Sleepers wake by themselves, faster than in life, without `now` moving, until it is disposed of. */
  flow(): Disposable {
    this.#flowing = true;
    const timer = setInterval(() => {
      this.#flowed += STEP_MS * FLOW_PACE;
      this.#wake();
    }, STEP_MS);
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#flowing = false;
        for (const sleeper of this.#sleepers) sleeper.due -= this.#flowed;
        this.#flowed = 0;
      },
    };
  }

  #dueOf(kind: Kind): number[] {
    return [...this.#sleepers].filter((each) => each.kind === kind).map(({ due }) => due);
  }

  #sleep(ms: number, kind: Kind, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        due: this.#now + this.#flowed + ms,
        kind,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  #wake(): void {
    const now = this.#now + this.#flowed;
    const due = [...this.#sleepers].filter((each) => each.due <= now).sort((a, b) => a.due - b.due);
    for (const { wake } of due) wake();
  }
}
