import { giveBackFreePages } from "../store/free_pages.ts";
import type { Health } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Meter } from "../telemetry/metrics.ts";
import type { Clock } from "./clock.ts";
import type { LocalBus } from "./local/local_bus.ts";
import type { Pace } from "./pace.ts";
import { trimLog } from "./retention.ts";

/** What keeping the file small needs. */
export interface MaintenanceOptions {
  log: LocalBus;
  /** By real topic: the agent's own groups that must have passed a record before it goes. */
  holds: readonly (readonly [topic: string, groups: readonly string[]])[];
  /** Milliseconds between two rounds. */
  everyMs: number;
  logger: Logger;
  meter: Meter;
  clock: Clock;
  /** Rests beside a busy thread. */
  pace?: Pace;
}

/** Trims the log and copies the WAL into the file, round after round, until it is stopped. */
export class Maintenance {
  readonly #options: MaintenanceOptions;
  readonly #stopping = new AbortController();
  readonly #holds: ReadonlyMap<string, readonly string[]>;
  #loop: Promise<void> | undefined;
  #trouble: string | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#holds = new Map(options.holds);
  }

  /** Begins; the first round comes at once. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** `degraded` while rounds fail. */
  health(): Health {
    return this.#trouble === undefined ? { status: "ok" } : { status: "degraded", detail: this.#trouble };
  }

  /** Ends after the transaction under way. Safe unstarted and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** One round. */
  async round(): Promise<void> {
    const { log, meter, clock, pace } = this.#options;
    const trimmed = await trimLog(log, {
      groupsOf: (topic) => this.#holds.get(topic.name) ?? [],
      now: () => clock.now(),
      pace,
      signal: this.#stopping.signal,
    });
    meter.counter({ name: "capstan_log_trimmed_records_total", help: "Records retention took." })
      .inc(undefined, trimmed.records);
    meter.counter({ name: "capstan_log_trimmed_bytes_total", help: "Bytes of records retention took." })
      .inc(undefined, trimmed.bytes);
    const pages = await giveBackFreePages(log.store);
    meter.counter({ name: "capstan_store_freed_pages_total", help: "Pages given back to the disk." })
      .inc(undefined, pages);
    const { walPages, copiedPages } = log.store.checkpoint();
    meter.gauge({ name: "capstan_store_wal_pages", help: "Pages of the WAL not yet in the file." })
      .set(walPages - copiedPages);
  }

  async #run(): Promise<void> {
    const { logger, clock, everyMs } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.round();
        if (this.#trouble !== undefined) logger.info("Retention and checkpoints work again.");
        this.#trouble = undefined;
      } catch (error) {
        if (this.#trouble === undefined) {
          logger.warn("Retention or a checkpoint failed; tried again.", { error });
        }
        this.#trouble = error instanceof Error ? error.message : String(error);
      }
      await clock.sleep(everyMs, this.#stopping.signal);
    }
  }
}
