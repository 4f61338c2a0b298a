import type { PartitionLag } from "../bus/contract.ts";
import type { RebuildOptions, Rebuilt, StreamHandle } from "../bus/handler.ts";
import type { Health } from "../telemetry/health.ts";

/** A stream that runs, here or in the Worker. */
export interface RunningStream extends StreamHandle {
  readonly paused: boolean;
  partitions(): Promise<PartitionLag[]>;
  health(): Health;
}

/** A stream's handle from `setup` on; what it is told before the start holds at the start. */
export class DeferredStream implements StreamHandle {
  #running: RunningStream | undefined;
  #paused = false;

  /** `name` is for messages. */
  constructor(readonly name: string) {}

  /** Whether it was paused. */
  get paused(): boolean {
    return this.#running?.paused ?? this.#paused;
  }

  /** The stream itself, while it runs. */
  get running(): RunningStream | undefined {
    return this.#running;
  }

  /** Takes the stream over, before it begins. */
  bind(running: RunningStream | undefined): void {
    this.#running = running;
    if (running && this.#paused) running.pause();
  }

  /** See `StreamHandle`. */
  pause(): void {
    this.#paused = true;
    this.#running?.pause();
  }

  /** See `StreamHandle`. */
  resume(): void {
    this.#paused = false;
    this.#running?.resume();
  }

  /** See `StreamHandle`. */
  caughtUp(signal?: AbortSignal): Promise<void> {
    return this.#started("wait for").then((stream) => stream.caughtUp(signal));
  }

  /** See `StreamHandle`. */
  lag(): Promise<number> {
    return this.#started("measure").then((stream) => stream.lag());
  }

  /** See `StreamHandle`. */
  rebuild(options?: RebuildOptions): Promise<Rebuilt> {
    return this.#started("make the state anew of").then((stream) => stream.rebuild(options));
  }

  #started(verb: string): Promise<RunningStream> {
    if (this.#running) return Promise.resolve(this.#running);
    return Promise.reject(
      new Error(`Cannot ${verb} stream ${this.name}: it does not run; call this after the start`),
    );
  }
}
