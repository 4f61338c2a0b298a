import type { Plugin } from "capstan";

const settings = {
  topic: { type: "string", default: "turns.redacted.v1", doc: "Where redacted turns go." },
  patterns: {
    type: "list",
    default: ["[\\w.+-]+@[\\w-]+\\.[\\w.]+", "\\b(?:sk|pk|ghp)[-_][\\w-]{8,}"],
    doc: "Regular expressions of what is taken out.",
  },
} as const;

export default {
  name: "redact_and_forward",
  doc: "Forwards each turn to a topic of its own, without addresses and keys.",
  config: settings,
  setup(ctx, { topic, patterns }) {
    const secrets = patterns.map((pattern) => new RegExp(pattern, "g"));
    const redacted = (_key: string, value: unknown) =>
      typeof value === "string"
        ? secrets.reduce((text, secret) => text.replace(secret, "[redacted]"), value)
        : value;
    ctx.topic({ name: topic, partitions: 6 });
    // What is returned is published with the place in the topic: each turn goes out once.
    ctx.stream({ topics: ["tapes.turns.v1"], values: "bytes" }, (batch) =>
      batch.records.map((record) => ({
        topic,
        key: record.key,
        value: JSON.parse(new TextDecoder().decode(record.value ?? undefined), redacted),
        from: record,
      })));
  },
} satisfies Plugin<typeof settings>;
