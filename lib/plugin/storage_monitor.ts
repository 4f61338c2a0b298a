import type { Clock } from "../bus/clock.ts";
import type { Health } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Meter } from "../telemetry/metrics.ts";
import { type StorageState, storageState } from "./storage_state.ts";

/** What is watched, and its limits in bytes. */
export interface StorageMonitorOptions {
  freeDisk(): Promise<number>;
  logBytes(): number;
  minFreeDisk?: number;
  maxLogBytes?: number;
  /** Milliseconds between two looks. */
  everyMs?: number;
  /** Told what each look found. */
  onLook?(state: StorageState): void;
  log: Logger;
  meter: Meter;
  clock: Clock;
}

/** Looks at disk and log now and then, so that asking costs nothing. */
export class StorageMonitor {
  #options: StorageMonitorOptions;
  readonly #stopping = new AbortController();
  readonly #free: { set(value: number): void };
  readonly #size: { set(value: number): void };
  #state: StorageState = { accepting: true };
  #blind: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: StorageMonitorOptions) {
    this.#options = options;
    this.#free = options.meter.gauge({
      name: "capstan_disk_free_bytes",
      help: "Free bytes on the store's disk.",
    });
    this.#size = options.meter.gauge({
      name: "capstan_log_bytes",
      help: "Bytes of records in the local log.",
    });
  }

  /** What the last look said. */
  get state(): StorageState {
    return this.#state;
  }

  /** `degraded` while it does not accept, or can't look. */
  health(): Health {
    const detail = this.#state.reason ?? this.#blind;
    return detail === undefined ? { status: "ok" } : { status: "degraded", detail };
  }

  /** Other limits, from the next look on. */
  limit(limits: Pick<StorageMonitorOptions, "minFreeDisk" | "maxLogBytes">): void {
    this.#options = { ...this.#options, ...limits };
  }

  /** Looks once, then goes on in the background. */
  async start(): Promise<void> {
    await this.look();
    this.#loop ??= this.#run();
  }

  /** Safe unstarted and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** One look. What can't be measured stops nothing: the write itself will say. */
  async look(): Promise<void> {
    const { freeDisk, logBytes, minFreeDisk, maxLogBytes, log } = this.#options;
    try {
      const free = await freeDisk();
      const size = logBytes();
      this.#free.set(free);
      this.#size.set(size);
      const state = storageState({ free, minFreeDisk, logBytes: size, maxLogBytes });
      const { reason } = state;
      if (reason === undefined && !this.#state.accepting) log.info("Events are accepted again.");
      if (reason !== undefined && this.#state.accepting) {
        log.error("No more events are accepted.", { reason });
      }
      this.#state = state;
      this.#blind = undefined;
      this.#options.onLook?.(state);
    } catch (error) {
      if (this.#blind === undefined) log.warn("Disk and log could not be measured.", { error });
      this.#blind = error instanceof Error ? error.message : String(error);
    }
  }

  async #run(): Promise<void> {
    const { clock, everyMs = 1_000 } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(everyMs, this.#stopping.signal);
      if (!this.#stopping.signal.aborted) await this.look();
    }
  }
}
