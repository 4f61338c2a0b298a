import type { Health } from "../../telemetry/health.ts";
import { caughtUp } from "../stream/caught_up.ts";
import type { Clock } from "../clock.ts";
import type { BusDriver, PartitionLag } from "../contract.ts";
import type { Rebuilt, StreamHandle } from "../handler.ts";
import { heldDetail, type StreamSpec } from "../stream/stream.ts";
import type { WorkerHost } from "./host.ts";

/** The main thread's handle of a stream that runs in the Worker. */
export class WorkerStream implements StreamHandle {
  /** `log` is this thread's own view of the log: how far the group is can be read here. */
  constructor(
    readonly spec: StreamSpec,
    private readonly worker: WorkerHost,
    private readonly log: Pick<BusDriver, "lag">,
    private readonly clock: Clock,
  ) {}

  /** Why its agent holds it; `undefined` while it does not. */
  get held(): string | undefined {
    return this.worker.held;
  }

  /** Whether it was paused. */
  get paused(): boolean {
    return this.worker.paused(this.spec.name);
  }

  /** Whether it stopped at a record it can't handle. */
  get failed(): boolean {
    return this.worker.health()[this.spec.name]?.detail?.startsWith("stopped:") ?? false;
  }

  /** No new batch begins until `resume`. */
  pause(): void {
    this.worker.pause(this.spec.name);
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.worker.resume(this.spec.name);
  }

  /** Resolves when everything appended before this call is handled. Rejects when `signal` aborts. */
  caughtUp(signal?: AbortSignal): Promise<void> {
    const { spec, log, clock, worker } = this;
    const progress = (until: AbortSignal) => worker.progress.next(until);
    return caughtUp({ driver: log, group: spec.group, topics: spec.topics, clock, progress, signal });
  }

  /** How far it is behind, by partition. */
  partitions(): Promise<PartitionLag[]> {
    return this.log.lag(this.spec.group, this.spec.topics);
  }

  /** Records not yet handled. */
  async lag(): Promise<number> {
    return (await this.partitions()).reduce((sum, each) => sum + each.lag, 0);
  }

  /** Always rejects: a Worker's handler keeps no state. */
  rebuild(): Promise<Rebuilt> {
    const { name } = this.spec;
    return Promise.reject(
      new TypeError(`Cannot make the state of stream ${name} anew: a worker keeps none; give a handler`),
    );
  }

  /** As the Worker last said; why it is held is known here first. */
  health(): Health {
    const { held } = this;
    if (held !== undefined && !this.failed) return { status: "degraded", detail: heldDetail(held) };
    return this.worker.health()[this.spec.name] ?? { status: "degraded", detail: "not running" };
  }
}
