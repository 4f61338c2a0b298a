import type { SettingsSchema } from "capstan";

/** Where insights go beside their topic: keys of `[plugins.insights]`. */
export const sinkSettings = {
  log_insights: {
    type: "boolean",
    default: true,
    doc: "Whether each insight is a line of the log: info, warn or error, by its severity.",
  },
  webhooks: {
    type: "tables",
    doc: "Where insights are posted to, as Standard Webhooks says (https://www.standardwebhooks.com).",
    fields: {
      url: {
        type: "string",
        pattern: "https?://.+",
        form: 'an address as "https://hooks.example.com/capstan"',
        secret: true,
        doc: "Where they are posted to; never printed, for who knows it may post there, too.",
      },
      secret: {
        type: "string",
        secret: true,
        doc: 'What posts are signed with: "whsec_" and base64, or any text. Without one they are not signed.',
      },
      min_severity: {
        type: "string",
        oneOf: ["info", "warning", "critical"],
        default: "info",
        doc: "Insights below it are not posted.",
      },
      tenants: { type: "list", doc: "Tenants whose insights are posted. Default: all." },
      timeout: { type: "duration", default: "10s", min: "10ms", max: "5m", doc: "How long a post may take." },
      attempts: {
        type: "integer",
        default: 12,
        min: 1,
        max: 100,
        doc: "Attempts, later each time, before an insight goes to the dead letters.",
      },
    },
  },
} as const satisfies SettingsSchema;
