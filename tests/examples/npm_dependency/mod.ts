import canonicalize from "canonicalize";
import type { Plugin } from "capstan";

export default {
  name: "npm_dependency",
  doc: "Publishes a digest of each turn that others can compute again.",
  setup(ctx) {
    ctx.topic({ name: "turns.digests.v1", partitions: 6 });
    ctx.stream<{ id: string }>(
      { topics: ["tapes.turns.v1"] },
      (batch) =>
        Promise.all(batch.records.map(async (record) => {
          const text = new TextEncoder().encode(canonicalize(record.data));
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
          const value = { id: record.data.id, sha256: digest };
          return { topic: "turns.digests.v1", key: record.key, value, from: record };
        })),
    );
  },
} satisfies Plugin;
