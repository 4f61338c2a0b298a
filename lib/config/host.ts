import type { SettingsOf, SettingsSchema } from "./schema.ts";

/** `host:port`, `:port`, `[v6]:port`. */
const PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})";
const LISTEN = `(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]\\s/]*):${PORT}`;

/** A topic's real name, as Kafka takes it. */
const TOPIC_NAME = {
  pattern: "[a-zA-Z0-9._-]{1,249}",
  form: 'a name of letters, digits, ".", "_" and "-", at most 249',
} as const;

/** What becomes of what one rule finds. */
function redactAction<D extends string>(doc: D) {
  return { type: "string", oneOf: ["mask", "hash", "drop", "off"], default: "mask", doc } as const;
}

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
  redact: {
    type: "table",
    doc:
      "What is taken out of texts before they are stored, logged or published. Off, for hashes of nodes change.",
    fields: {
      enabled: {
        type: "boolean",
        default: false,
        doc: "Whether secrets and personal data are taken out. What goes to the provider is never changed.",
      },
      actions: {
        type: "table",
        doc:
          "What becomes of what a rule finds: its name (mask), with a keyed hash (hash), nothing (drop); off finds nothing.",
        fields: {
          api_key: redactAction("API keys, by the forms their makers document."),
          token: redactAction("JSON Web Tokens, bearer tokens, passwords by their names, private keys."),
          iban: redactAction("Bank account numbers with right check digits."),
          card: redactAction("Payment card numbers with a right check digit."),
          email: redactAction("E-mail addresses."),
          phone: redactAction("Telephone numbers in the international form."),
          ip: redactAction("IP addresses, but for loopback."),
        },
      },
      phone_country: {
        type: "string",
        pattern: "[A-Z]{2}",
        form: "two capital letters, as DE",
        doc: "Country whose telephone numbers are found in their national form, too.",
      },
      key: {
        type: "string",
        secret: true,
        doc:
          "Key of hashes and of sealed calls: 32 bytes as base64 or hexadecimal. Default: that of redact.key beside the data, made where it is missing.",
      },
      patterns: {
        type: "tables",
        doc: "Own patterns: `[redact.patterns.employee]`.",
        fields: {
          pattern: {
            type: "string",
            doc: "A regular expression as RE2 has it; a group named `secret` is what is taken out.",
          },
          action: {
            type: "string",
            oneOf: ["mask", "hash", "drop"],
            default: "mask",
            doc: "What becomes of what it finds.",
          },
        },
      },
    },
  },
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
  kafka: {
    type: "table",
    doc: "Apache Kafka as the bus of the whole agent.",
    fields: {
      bootstrap_servers: {
        type: "list",
        env: ["KAFKA_BOOTSTRAP_SERVERS"],
        doc: "Brokers, as host:port. Without one the local log is the bus.",
      },
      security_protocol: {
        type: "string",
        oneOf: ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"],
        default: "PLAINTEXT",
        env: ["KAFKA_SECURITY_PROTOCOL"],
        doc: "Whether connections are encrypted (SSL) and authenticated (SASL).",
      },
      sasl_mechanism: {
        type: "string",
        oneOf: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"],
        env: ["KAFKA_SASL_MECHANISM"],
        doc: "How the agent proves who it is.",
      },
      sasl_username: { type: "string", env: ["KAFKA_SASL_USERNAME"], doc: "User for PLAIN and SCRAM." },
      sasl_password: {
        type: "string",
        secret: true,
        env: ["KAFKA_SASL_PASSWORD"],
        doc: "Password for PLAIN and SCRAM.",
      },
      sasl_token_file: {
        type: "string",
        path: true,
        env: ["KAFKA_SASL_TOKEN_FILE"],
        doc: "File that holds the token for OAUTHBEARER; read again for each connection.",
      },
      sasl_token_url: {
        type: "string",
        pattern: "https?://.+",
        form: "an address as https://login.example/oauth2/token (http to this machine only)",
        env: ["KAFKA_SASL_TOKEN_URL"],
        doc: "Address that gives tokens for OAUTHBEARER, instead of a file.",
      },
      sasl_token_client_id: {
        type: "string",
        env: ["KAFKA_SASL_TOKEN_CLIENT_ID"],
        doc:
          "Client of the client-credentials grant at sasl_token_url; without one a GET must give the token.",
      },
      sasl_token_client_secret: {
        type: "string",
        secret: true,
        env: ["KAFKA_SASL_TOKEN_CLIENT_SECRET"],
        doc: "Secret of sasl_token_client_id.",
      },
      sasl_token_scope: {
        type: "string",
        env: ["KAFKA_SASL_TOKEN_SCOPE"],
        doc: "Scope to ask for.",
      },
      ssl_ca_file: {
        type: "string",
        path: true,
        env: ["KAFKA_SSL_CA_FILE"],
        doc: "Certificates (PEM) that may sign the brokers', instead of the system's.",
      },
      ssl_cert_file: {
        type: "string",
        path: true,
        env: ["KAFKA_SSL_CERT_FILE"],
        doc: "The agent's own certificate (PEM), for brokers that ask for one.",
      },
      ssl_key_file: {
        type: "string",
        path: true,
        env: ["KAFKA_SSL_KEY_FILE"],
        doc: "The private key (PEM) of ssl_cert_file.",
      },
      client_id: {
        type: "string",
        default: "capstan",
        flag: "kafka-bus-client-id", // --kafka-client-id is that of [publisher.kafka], as tapes has it
        env: ["KAFKA_CLIENT_ID"],
        doc: "The agent's name in the brokers' logs and quotas.",
      },
      consumer_group: {
        type: "string",
        pattern: "[a-zA-Z0-9._-]{1,200}",
        form: 'a name of letters, digits, ".", "_" and "-", at most 200',
        env: ["KAFKA_CONSUMER_GROUP"],
        doc: "Consumer group of streams that name none. Default: the plugin's name.",
      },
    },
  },
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
