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
} as const satisfies SettingsSchema;

/** What `setup` is given. */
export type Settings = SettingsOf<typeof settings>;
