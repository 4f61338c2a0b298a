import type { SettingsSchema } from "capstan";

/** What says which insights there are: keys of `[plugins.insights]`. */
export const ruleSettings = {
  default_rules: {
    type: "boolean",
    default: true,
    doc: "Whether the built-in rules hold; each is changed or switched off by a rule of its name.",
  },
  rule_idle: {
    type: "duration",
    default: "5m",
    min: "1s",
    max: "1d",
    doc: "How long nothing may come before windows end by the clock, so much behind it.",
  },
  rules: {
    type: "tables",
    doc: "Rules that find insights. What a rule leaves out it has from the built-in rule of its name.",
    fields: {
      kind: {
        type: "string",
        oneOf: ["satisfaction", "error_rate", "latency", "cost", "failing_tool", "loop", "silence"],
        doc: "What it looks at. Needed where no built-in rule has its name.",
      },
      enabled: { type: "boolean", doc: "Whether it holds. Default: yes, but for the built-in silence." },
      threshold: {
        type: "number",
        doc: "From which value on it is an insight; what it is of goes by the kind. Not for silence.",
      },
      window: {
        type: "duration",
        min: "1s",
        max: "31d",
        doc: "Event time a value is made of. Default: 15m.",
      },
      slide: {
        type: "duration",
        min: "1s",
        max: "31d",
        doc: "Time from one window to the next, a part of the window. Default: the window.",
      },
      lateness: {
        type: "duration",
        max: "7d",
        doc: "How far out of order events may come and still count. Default: 1m.",
      },
      by: {
        type: "list",
        doc: 'What is told apart beside tenants: model, agent, tool; "tenant" alone: nothing further.',
      },
      min_samples: {
        type: "integer",
        min: 1,
        doc: "Events a window needs before anything is said of it. Default: 1.",
      },
      severity: {
        type: "string",
        oneOf: ["info", "warning", "critical"],
        doc: "How bad its insights are. Default: warning.",
      },
      baseline: {
        type: "duration",
        min: "1s",
        max: "31d",
        doc: "Time before the window that the value is compared with; for satisfaction and cost.",
      },
      baseline_samples: {
        type: "integer",
        min: 1,
        doc: "Events the baseline needs. Default: min_samples.",
      },
      after: {
        type: "duration",
        min: "1s",
        max: "31d",
        doc: "Time without an event after which it is silence. For silence alone.",
      },
    },
  },
} as const satisfies SettingsSchema;
