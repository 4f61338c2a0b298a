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
  /** Calls and tunnels under way. */
  active: Set<{ /** Ends what would go on for ever. */ shutDown(): void }>;
  /** Called when a call is over. */
  ended(): void;
}
