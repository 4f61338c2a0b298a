import type { Settings } from "../settings.ts";

/** A rule as the configuration has it. */
export type RuleSettings = Settings["rules"][string];

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** The built-in rules, by name. */
export const DEFAULT_RULES: Readonly<Record<string, Partial<RuleSettings>>> = {
  satisfaction_drop: {
    kind: "satisfaction",
    threshold: 0.3,
    window: DAY,
    slide: HOUR,
    baseline: 7 * DAY,
    min_samples: 10,
    baseline_samples: 30,
  },
  error_rate: {
    kind: "error_rate",
    threshold: 0.2,
    window: 15 * MINUTE,
    slide: 5 * MINUTE,
    by: ["model"],
    min_samples: 10,
    severity: "critical",
  },
  slow_answers: {
    kind: "latency",
    threshold: 60_000,
    window: 15 * MINUTE,
    slide: 5 * MINUTE,
    by: ["model"],
    min_samples: 20,
  },
  cost_spike: {
    kind: "cost",
    threshold: 3,
    window: HOUR,
    baseline: 7 * DAY,
    by: ["agent"],
    min_samples: 10,
    baseline_samples: 50,
  },
  failing_tool: {
    kind: "failing_tool",
    threshold: 5,
    window: 15 * MINUTE,
    slide: 5 * MINUTE,
  },
  loop: { kind: "loop", threshold: 5, window: 10 * MINUTE, slide: 2 * MINUTE },
  // Off: that nobody works at night is no insight.
  silence: { kind: "silence", after: DAY, by: ["agent"], severity: "info", enabled: false },
};
