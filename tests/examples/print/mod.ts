import type { Plugin } from "capstan";

interface Turn {
  model?: string;
  answers?: { content: { text?: string }[] | null }[];
  usage?: { total_tokens?: number };
}

const settings = {
  length: { type: "integer", default: 60, min: 1, doc: "Characters of the answer that are printed." },
} as const;

export default {
  name: "print",
  doc: "Prints each turn as a line of the log.",
  config: settings,
  setup(ctx, { length }) {
    ctx.stream<Turn>({ topics: ["tapes.turns.v1"] }, (batch) => {
      for (const { data } of batch.records) {
        const said = data.answers?.[0]?.content?.map(({ text }) => text ?? "").join("") ?? "";
        ctx.log.info(`${data.model ?? "?"}: ${said.slice(0, length)}`, {
          tokens: data.usage?.total_tokens,
        });
      }
    });
  },
} satisfies Plugin<typeof settings>;
