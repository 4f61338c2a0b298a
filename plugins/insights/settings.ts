import type { SettingsOf, SettingsSchema } from "capstan";

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
} as const satisfies SettingsSchema;

/** What `setup` is given. */
export type Settings = SettingsOf<typeof settings>;
