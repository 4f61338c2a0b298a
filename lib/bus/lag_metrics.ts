import type { Logger } from "../telemetry/logger.ts";
import type { Meter } from "../telemetry/metrics.ts";
import type { Clock } from "./clock.ts";
import { CONSUMER_LAG, LagLook, lagReadings, type LagSource } from "./lag_look.ts";

/** What measuring lag needs. */
export interface LagMetricsOptions {
  /** The bus, and the local log where that is another. */
  sources: readonly LagSource[];
  /** Takes the metrics. */
  meter: Meter;
  /** What time it is. */
  clock: Clock;
  /** Told once where the groups of others can't be listed. */
  log: Logger;
}

/**
 * Makes the metrics of how far groups are behind. Whenever they are read the bus itself is asked, so they are right
 * whoever runs.
 */
export function lagMetrics({ sources, meter, clock, log }: LagMetricsOptions): void {
  const looks = sources.map((source) => new LagLook(source, clock, log));
  meter.gauge({ ...CONSUMER_LAG, collect: () => lagReadings(looks) });
  meter.gauge({
    name: "capstan_stream_lag_records",
    help: "Records a stream has not handled; -1 while its bus does not tell.",
    labels: ["stream"],
    collect: async () => (await Promise.all(looks.map((look) => look.streams()))).flat(),
  });
}
