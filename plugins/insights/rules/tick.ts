import type { RuleSource } from "./rule.ts";

/** Moments of the clock at which rules are asked; this agent's own, never relayed. */
export const TICKS_TOPIC = "insights.ticks.v1";

/** A record of that topic. */
export interface Tick {
  readonly places: readonly TickedPlace[];
}

/** What the clock tells of a partition that was the sender's, with all that had come. Times are milliseconds since 1970. */
export interface TickedPlace {
  readonly source: RuleSource;
  readonly part: number;
  /** The offset behind the last record that was handled. */
  readonly offset: number;
  /** For rules about silence; `null`: nothing. */
  readonly clock_ms: number | null;
  /** For windows; `null`: nothing. */
  readonly idle_ms: number | null;
}
