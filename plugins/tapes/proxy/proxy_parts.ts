import type { Logger } from "capstan";
import type { CaptureBudget } from "./capture_budget.ts";
import type { ProxyMetrics } from "./proxy_metrics.ts";
import type { Recorder } from "./recorder.ts";

/** What every call of a proxy shares. */
export interface ProxyParts {
  recorder: Recorder;
  budget: CaptureBudget;
  metrics: ProxyMetrics;
  log: Logger;
  now: () => number;
  /** Bytes of a call that are kept at most. */
  captureLimit: number;
  durability: "before-response" | "async";
  onFailure: "forward" | "block";
  /** Written to every row; absent where unknown. */
  project: () => string | undefined;
  underWay: UnderWay;
  /** Called when a call is over. */
  ended(): void;
}

/** What a proxy is at. */
export interface UnderWay {
  /** How many calls are not over; they end by themselves. */
  calls: number;
  /** What would go on for ever. */
  readonly tunnels: Set<{ /** Ends it. */ shutDown(): void }>;
}
