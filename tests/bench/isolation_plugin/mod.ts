import type { Plugin } from "../../../mod.ts";

/** Two handlers: one that looks at each record, and one that sends each on with a field more. */
export default {
  name: "measured",
  setup(ctx) {
    let bytes = 0;
    ctx.topic({ name: "in.v1", partitions: 4 });
    ctx.topic({ name: "out.v1", partitions: 4 });
    ctx.stream<{ text: string }>({ topics: ["in.v1"], group: "look" }, (batch) => {
      for (const { data } of batch.records) bytes += data.text.length;
    });
    ctx.stream<{ text: string }>(
      { topics: ["in.v1"], group: "forward" },
      (batch) =>
        batch.records.map((record) => ({
          topic: "out.v1",
          key: record.key,
          value: { ...record.data, seen: true },
          from: record,
        })),
    );
    ctx.gauge({ name: "bytes", help: "Characters looked at.", collect: () => bytes });
  },
} satisfies Plugin;
