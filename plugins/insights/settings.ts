import type { SettingsOf, SettingsSchema } from "capstan";
import { ruleSettings } from "./rules/settings.ts";
import { sinkSettings } from "./sinks/settings.ts";
import { DIALECTS } from "./sql/dialect.ts";

/** A number from 0 to 65535. */
const PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})";

/** Settings of the insights plugin: `[plugins.insights]`. */
export const settings = {
  topic_prefix: {
    type: "string",
    pattern: "[a-zA-Z0-9._-]{0,100}",
    form: "up to 100 letters, digits or . _ -",
    default: "",
    doc: "Put before the names of the nine topics.",
  },
  source: {
    type: "string",
    pattern: ".{1,256}",
    form: "1 to 256 characters",
    default: "capstan",
    doc: "What the events made here name as their source.",
  },
  envelope: {
    type: "string",
    oneOf: ["plain", "cloudevents"],
    default: "plain",
    doc: "How events are written: plain, or as CloudEvents 1.0 in structured mode. Both are read.",
  },
  subagent_tools: {
    type: "list",
    default: ["Task", "Agent"],
    doc: "Tools whose call hands work on to another agent; their decisions are of the kind subagent.",
  },
  tool_result_wait: {
    type: "duration",
    default: "24h",
    min: "1s",
    doc: "How long a tool call waits for the turn that brings its result, by the time of turns.",
  },
  feedback_wait: {
    type: "duration",
    default: "7d",
    min: "1s",
    doc: "How long turns and feedback on them wait for each other, by their own times.",
  },
  sql_dialect: {
    type: "string",
    oneOf: DIALECTS,
    doc: "Dialect of all SQL in conversations. Default: named beside the SQL, else guessed for each text.",
  },
  currency: {
    type: "string",
    pattern: "[A-Z]{3}",
    form: 'a currency as "USD"',
    default: "USD",
    doc: "What prices are in.",
  },
  prices: {
    type: "tables",
    doc: "What a million tokens cost, by model.",
    fields: {
      model: {
        type: "string",
        doc: "Model it is for, with * for any characters; the longest that fits counts. Default: NAME.",
      },
      input: {
        type: "number",
        min: 0,
        default: 0,
        doc: "A million tokens of input that came from no cache.",
      },
      output: { type: "number", min: 0, default: 0, doc: "A million tokens of output." },
      cache_read: {
        type: "number",
        min: 0,
        doc: "A million tokens of input read from the cache. Default: input.",
      },
      cache_write: {
        type: "number",
        min: 0,
        doc: "A million tokens of input written to the cache. Default: input.",
      },
    },
  },
  api: {
    type: "table",
    doc: "The HTTP API that takes feedback and events. It is on the admin listener, and on those named here.",
    fields: {
      max_body: { type: "bytes", default: "8MiB", min: "1KB", doc: "Largest body of a request." },
      max_items: { type: "integer", default: 10_000, min: 1, doc: "Events of one request at most." },
      max_waiting: {
        type: "bytes",
        default: "64MiB",
        min: "1KB",
        doc: "Events that may wait for the disk; above it requests are answered 429.",
      },
      remember_ids: {
        type: "duration",
        default: "7d",
        doc: "How long the same event_id is taken for the same event.",
      },
      listeners: {
        type: "tables",
        doc: "Listeners for callers that must not reach the admin listener.",
        fields: {
          listen: {
            type: "string",
            pattern: `(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s/]*):${PORT}`,
            form: 'an address as "127.0.0.1:8082", "[::1]:8082" or ":8082" (all interfaces)',
            default: "127.0.0.1:8082",
            doc: "Address.",
          },
          tenant: {
            type: "string",
            pattern: ".{1,128}",
            form: "1 to 128 characters",
            doc: "Tenant of all its callers. Default: that of the key they send.",
          },
        },
      },
      keys: {
        type: "tables",
        doc: "Keys of the listeners' callers.",
        fields: {
          key: { type: "string", secret: true, doc: "What callers send as `Authorization: Bearer …`." },
          tenant: {
            type: "string",
            pattern: ".{1,128}",
            form: "1 to 128 characters",
            default: "default",
            doc: "Tenant whose events the key may send.",
          },
        },
      },
    },
  },
  ...ruleSettings,
  ...sinkSettings,
} as const satisfies SettingsSchema;

/** What `setup` is given. */
export type Settings = SettingsOf<typeof settings>;
