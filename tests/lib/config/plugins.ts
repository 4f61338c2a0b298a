import type { ConfiguredPlugin } from "../../../lib/config/root.ts";
import type { Located } from "../../../lib/config/locate.ts";
import type { SettingsSchema } from "../../../lib/config/schema.ts";

/** A plugin with a setting of every type. */
export const recorder = {
  name: "recorder",
  doc: "A plugin of the tests.",
  config: {
    upstream: {
      type: "string",
      doc: "Where calls go.",
      alias: "proxy.upstream",
      default: "http://localhost:11434",
      flag: "upstream",
      short: "u",
    },
    mode: { type: "string", oneOf: ["fast", "safe"], default: "safe", doc: "How calls are kept." },
    api_key: { type: "string", secret: true, doc: "Key for the upstream.", env: ["RECORDER_KEY"] },
    retries: { type: "integer", default: 3, min: 0, max: 10, doc: "Attempts after the first." },
    ratio: { type: "number", default: 0.5, min: 0, max: 1, doc: "Share of calls that are kept." },
    verbose: { type: "boolean", default: false, doc: "Says more." },
    keep: { type: "duration", default: "1h", min: "1s", max: "7d", doc: "How long calls are kept." },
    limit: { type: "bytes", default: "64MiB", min: "1KB", doc: "Largest call." },
    tags: { type: "list", doc: "Written to each call." },
    labels: { type: "texts", doc: "Written to each call under a name." },
    tls: {
      type: "table",
      doc: "Encryption.",
      fields: { ca: { type: "string", path: true, doc: "Authorities (PEM)." } },
    },
    providers: {
      type: "tables",
      doc: "Further upstreams.",
      fields: {
        upstream: { type: "string", default: "http://localhost", doc: "Where its calls go." },
        key: { type: "string", secret: true, doc: "Its key." },
      },
    },
  },
} as const satisfies ConfiguredPlugin & { config: SettingsSchema };

/** A configuration in /conf that a test makes up. */
export function locatedText(text: string | undefined): Located {
  return { dir: "/conf", file: "/conf/config.toml", text, origin: "told" };
}
