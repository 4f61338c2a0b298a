import type { SettingsOf, SettingsSchema } from "capstan";

/** Settings of the audit plugin: `[plugins.audit]`. */
export const settings = {
  topic: {
    type: "string",
    pattern: "[a-zA-Z0-9._-]{1,200}",
    form: "1 to 200 letters, digits or . _ -",
    default: "ai.audit",
    doc: "Topic of the trail's records; its checkpoints are in TOPIC.checkpoints.",
  },
  policy_version: {
    type: "string",
    doc: "Written into each record: the version of the rules that held when it was made.",
  },
  turns: {
    type: "boolean",
    default: true,
    doc: "Whether each recorded call of a model becomes a record.",
  },
  max_turns_behind: {
    type: "integer",
    default: 10_000,
    min: 1,
    doc: "Recorded calls without a record above which health says degraded: the trail is behind the ledger.",
  },
  folder: {
    type: "string",
    path: true,
    default: "audit",
    doc:
      "Folder of master.key and signing.key, made at the first start, and of the file checkpoints. Copy the keys.",
  },
  master_key: {
    type: "string",
    secret: true,
    env: ["CAPSTAN_AUDIT_MASTER_KEY"],
    doc:
      "In place of master.key: 32 bytes as base64 or hexadecimal digits. Several with commas: the first is the current.",
  },
  checkpoint_interval: {
    type: "duration",
    default: "1m",
    min: "1s",
    doc: "How often a checkpoint is signed, where there are new records.",
  },
  checkpoint_records: {
    type: "integer",
    default: 10_000,
    min: 1,
    doc: "After how many records a checkpoint is signed, whenever the last one was.",
  },
  retention: {
    type: "duration",
    min: "1d",
    doc: "How old records get before they are removed, oldest first: 7y. Without it they are kept for ever.",
  },
  api: {
    type: "table",
    doc: "POST /v1/audit on the admin listener.",
    fields: {
      max_body: { type: "bytes", default: "8MiB", min: "1KB", doc: "Largest body of a request." },
      max_items: { type: "integer", default: 1_000, min: 1, doc: "Entries of one request at most." },
      max_waiting: {
        type: "bytes",
        default: "64MiB",
        min: "1KB",
        doc: "Entries that may wait for the disk; above it requests are answered 429.",
      },
    },
  },
  file: {
    type: "table",
    doc: "A file to which every record is appended, one a line.",
    fields: {
      path: { type: "string", path: true, doc: "The file. Without it there is none." },
      max_bytes: {
        type: "bytes",
        default: "100MB",
        min: "64KB",
        doc:
          "Size from which the next record begins a new file; the full one gets the number of its first record.",
      },
    },
  },
} as const satisfies SettingsSchema;

/** What `setup` is given. */
export type Settings = SettingsOf<typeof settings>;
