import { kafkaTable } from "./kafka_settings.ts";
import { redactTable } from "./redact_settings.ts";
import type { SettingsOf, SettingsSchema } from "./schema.ts";

/** `host:port`, `:port`, `[v6]:port`. */
const PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})";
const LISTEN = `(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s/]*):${PORT}`;

/** A topic's real name, as Kafka takes it. */
const TOPIC_NAME = {
  pattern: "[a-zA-Z0-9._-]{1,249}",
  form: 'a name of letters, digits, ".", "_" and "-", at most 249',
} as const;

/** The agent's own settings. `[plugins.NAME]` stands beside them. */
export const hostSchema = {
  agent: {
    type: "table",
    doc: "The agent as a whole.",
    fields: {
      drain_timeout: {
        type: "duration",
        default: "25s",
        min: "0",
        max: "1h",
        doc: "How long a stop waits for calls under way and for what they left to be derived.",
      },
    },
  },
  logging: {
    type: "table",
    doc: "What the agent says of itself on standard error.",
    fields: {
      level: {
        type: "string",
        oneOf: ["debug", "info", "warn", "error"],
        default: "info",
        doc: "Lines below this severity are left out.",
      },
      format: {
        type: "string",
        oneOf: ["auto", "text", "json"],
        default: "auto",
        doc: "How a line looks; auto is text on a terminal and json elsewhere.",
      },
    },
  },
  store: {
    type: "table",
    doc: "The SQLite file that holds everything.",
    fields: {
      sqlite: {
        type: "string",
        path: true,
        pattern: "(?!:memory:$)[^\\0]+",
        form: "the path of a file",
        alias: "storage.sqlite_path",
        flag: "sqlite",
        short: "s",
        doc:
          "The file. Default: capstan.sqlite in the configuration's folder, tapes.sqlite in a folder of tapes.",
      },
      power_safe: {
        type: "boolean",
        default: false,
        doc:
          "Whether an answered call outlives a power cut too, at the price of a disk flush for each commit.",
      },
      min_free_disk: {
        type: "bytes",
        default: "512MB",
        min: "0",
        doc: "Free disk below which nothing more is stored.",
      },
    },
  },
  log: {
    type: "table",
    doc: "The local log: the bus without Kafka, the outbox with it.",
    fields: {
      max_bytes: {
        type: "bytes",
        default: "10GB",
        min: "1MB",
        doc: "Size of the log above which the HTTP API refuses events; recorded calls are still stored.",
      },
      retention: {
        type: "duration",
        default: "7d",
        min: "0",
        forever: true,
        doc: "How long records stay at least, for topics that say nothing else.",
      },
    },
  },
  redact: redactTable,
  admin: {
    type: "table",
    doc: "The listener for metrics, health, the HTTP API and the command line.",
    fields: {
      listen: {
        type: "string",
        pattern: LISTEN,
        form: 'an address as "127.0.0.1:8081", "[::1]:8081" or ":8081" (all interfaces)',
        default: "127.0.0.1:8081",
        alias: "api.listen",
        doc: "Address; port 0 takes a free one. Callers from elsewhere than loopback need a token.",
      },
      token: {
        type: "string",
        secret: true,
        pattern: "[!-~]{16,}",
        form: "at least 16 letters, digits and signs of ASCII, without spaces",
        doc:
          "What callers must send as `Authorization: Bearer …`. Default off loopback: one is made and kept in a file.",
      },
      require_token: {
        type: "boolean",
        default: false,
        doc: "Whether callers of this machine need a token, too.",
      },
      max_body: { type: "bytes", default: "64MiB", min: "1KB", doc: "Largest body of a request." },
      requests_per_second: {
        type: "integer",
        default: 10_000,
        min: 1,
        doc: "Requests that one caller may send in a second; above it they are answered 429.",
      },
      hosts: {
        type: "list",
        doc: "Further names (Host headers) the listener answers to, beside its address and localhost.",
      },
    },
  },
  kafka: kafkaTable,
  topics: {
    type: "tables",
    doc:
      'Figures of a topic, by its name in code: `[topics."tapes.nodes.v1"]`. What is not set stays as declared.',
    fields: {
      name: { type: "string", ...TOPIC_NAME, doc: "The topic's real name." },
      partitions: {
        type: "integer",
        min: 1,
        max: 10_000,
        doc: "Partitions; can be raised later, never lowered.",
      },
      replication: {
        type: "integer",
        min: 1,
        max: 100,
        doc: "Copies on the Kafka cluster. Default: the cluster's.",
      },
      retention: { type: "duration", min: "0", forever: true, doc: "How long a record stays at least." },
      max_record_bytes: {
        type: "bytes",
        min: "1KB",
        max: "1GB",
        doc: "Largest record that goes to Kafka as it is.",
      },
      settings: {
        type: "texts",
        doc: 'A further Kafka setting of the topic, as `"cleanup.policy" = "compact"`.',
      },
    },
  },
  publisher: {
    type: "table",
    doc: "Where recorded nodes are published when the bus stays local.",
    fields: {
      kafka: {
        type: "table",
        doc: "Kafka for nodes alone, as tapes has it. Security settings are those of [kafka].",
        fields: {
          brokers: {
            type: "list",
            flag: "kafka-brokers",
            env: ["TAPES_PUBLISHER_KAFKA_BROKERS"],
            doc: "Brokers, as host:port.",
          },
          topic: {
            type: "string",
            ...TOPIC_NAME,
            flag: "kafka-topic",
            env: ["TAPES_PUBLISHER_KAFKA_TOPIC"],
            doc: "Topic of the node events, as tapes.nodes.v1.",
          },
          client_id: {
            type: "string",
            flag: "kafka-client-id",
            env: ["TAPES_PUBLISHER_KAFKA_CLIENT_ID"],
            doc: "The agent's name in the brokers' logs. Default: kafka.client_id.",
          },
        },
      },
    },
  },
} as const satisfies SettingsSchema;

/** The agent's own settings, checked. `store.sqlite` is always there. */
export type HostSettings = SettingsOf<typeof hostSchema>;

/** Keys of tapes that mean nothing here. A file that has them still loads; the agent says that they are ignored. */
export const IGNORED_KEYS: readonly string[] = [
  "version",
  "storage.postgres_dsn",
  "client.proxy_target",
  "client.api_target",
  "vector_store.provider",
  "vector_store.target",
  "embedding.provider",
  "embedding.target",
  "embedding.model",
  "embedding.dimensions",
  "opencode.provider",
  "opencode.model",
];
