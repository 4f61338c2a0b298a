import type { TableSetting } from "./schema.ts";

/** `[kafka]`. */
export const kafkaTable = {
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
      doc: "Client of the client-credentials grant at sasl_token_url; without one a GET must give the token.",
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
} as const satisfies TableSetting;
