import type { Plugin } from "../../../../../mod.ts";

const config = { start: { type: "string", default: "", doc: "What it does at its start." } } as const;

/** Hangs in its hooks. */
export default {
  name: "hanging",
  config,
  setup: (_ctx, { start }) => ({
    async start() {
      if (start === "throw") throw new Error("no start today");
      if (start === "hang") await new Promise(() => {});
    },
    stop: () => new Promise<void>(() => {}),
  }),
} satisfies Plugin<typeof config>;
