import type { Health } from "../../telemetry/health.ts";
import { abortable } from "../abortable.ts";
import { caughtUp } from "../stream/caught_up.ts";
import type { Clock } from "../clock.ts";
import type { BusDriver, PartitionLag } from "../contract.ts";
import type { RebuildOptions, Rebuilt, StreamHandle } from "../handler.ts";
import type { PartitionHooks } from "../stream/arrival.ts";
import { heldDetail } from "../stream/stream.ts";
import type { StreamSpec } from "../stream/stream_options.ts";
import type { WorkerHost } from "./host.ts";

/** What the handle of a stream in the Worker works with. */
export interface WorkerStreamOptions {
  readonly spec: StreamSpec;
  /** The Worker it runs in. */
  readonly worker: WorkerHost;
  /** This thread's own view of the log: how far the group is can be read here. */
  readonly log: Pick<BusDriver, "lag">;
  readonly clock: Clock;
  /** Told on this thread when partitions come and go. */
  readonly hooks?: PartitionHooks;
  /** Its handler keeps state. Default false. */
  readonly state?: boolean;
}

/** The main thread's handle of a stream that runs in the Worker. */
export class WorkerStream implements StreamHandle {
  readonly options: WorkerStreamOptions;
  /** Resolves when the state is whole; absent while it is. */
  #rebuilding: Promise<void> | undefined;

  /** Make it before the Worker starts. */
  constructor(options: WorkerStreamOptions) {
    this.options = options;
    if (options.hooks) options.worker.watch(options.spec.name, options.hooks);
  }

  /** How it reads. */
  get spec(): StreamSpec {
    return this.options.spec;
  }

  /** Why its agent holds it; `undefined` while it does not. */
  get held(): string | undefined {
    return this.options.worker.held;
  }

  /** Whether it was paused. */
  get paused(): boolean {
    return this.options.worker.paused(this.spec.name);
  }

  /** Whether it stopped at a record it can't handle. */
  get failed(): boolean {
    return this.options.worker.health()[this.spec.name]?.detail?.startsWith("stopped:") ?? false;
  }

  /** No new batch begins until `resume`. */
  pause(): void {
    this.options.worker.pause(this.spec.name);
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.options.worker.resume(this.spec.name);
  }

  /**
   * Resolves when everything appended before this call is handled, and a state that is made anew is whole. Rejects when
   * `signal` aborts.
   */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    const { spec, log, clock, worker } = this.options;
    const progress = (until: AbortSignal) => worker.progress.next(until);
    await abortable(this.#rebuilding ?? Promise.resolve(), signal);
    await caughtUp({ driver: log, group: spec.group, topics: spec.topics, clock, progress, signal });
  }

  /** How far it is behind, by partition. */
  partitions(): Promise<PartitionLag[]> {
    return this.options.log.lag(this.spec.group, this.spec.topics);
  }

  /** Records not yet handled. */
  async lag(): Promise<number> {
    return (await this.partitions()).reduce((sum, each) => sum + each.lag, 0);
  }

  /**
   * Has the Worker make the state anew. See `StreamHandle`.
   * @throws {TypeError} it keeps no state, or is at it already.
   */
  async rebuild({ signal, onProgress }: RebuildOptions = {}): Promise<Rebuilt> {
    const cannot = `Cannot make the state of stream ${this.spec.name} anew`;
    if (!this.options.state) throw new TypeError(`${cannot}: its handler keeps none; say so with state`);
    if (this.#rebuilding) throw new TypeError(`${cannot}: it is being made already; wait for that`);
    signal?.throwIfAborted();
    const work = this.options.worker.rebuild(this.spec.name, onProgress);
    const over = () => void (this.#rebuilding = undefined);
    this.#rebuilding = work.then(over, over);
    try {
      return await abortable(work, signal);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new Error(`${cannot}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }

  /** As the Worker last said; why it is held is known here first. */
  health(): Health {
    const { held } = this;
    if (held !== undefined && !this.failed) return { status: "degraded", detail: heldDetail(held) };
    return this.options.worker.health()[this.spec.name] ?? { status: "degraded", detail: "not running" };
  }
}
