import type { SettingsSchema } from "./schema.ts";

/** How a plugin that is loaded from a module is run; settings of the agent's in the plugin's table. */
export const ISOLATION = {
  isolation: {
    type: "string",
    oneOf: ["none", "worker"],
    default: "none",
    doc:
      "worker runs the plugin in a Worker of its own, against faults and accidents; no wall against attackers.",
  },
  handler_timeout: {
    type: "duration",
    default: "1m",
    min: "10ms",
    forever: true,
    doc: "Longest a handler, route or hook of an isolated plugin may take before its Worker is started anew.",
  },
  permissions: {
    type: "table",
    doc: "What an isolated plugin may do beside reading its own folder; * stands for all of a kind.",
    fields: {
      net: { type: "list", doc: "Hosts it may connect to: api.example.com, 127.0.0.1:9200." },
      read: { type: "list", doc: "Files and folders it may read." },
      write: { type: "list", doc: "Files and folders it may write to." },
      env: { type: "list", doc: "Environment variables it may read." },
      sys: { type: "list", doc: "What it may ask the system for: hostname, osRelease." },
    },
  },
} as const satisfies SettingsSchema;
