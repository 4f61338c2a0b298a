import type { Plugin } from "../../../../../mod.ts";

const config = { wants: { type: "string", default: "", doc: "What it asks for." } } as const;

/** Asks for what an isolated plugin can't have. */
export default {
  name: "refused",
  config,
  setup(ctx, { wants }) {
    const topics = ["quiet.v1"];
    if (wants === "serve") ctx.serve({ name: "door", listen: ":0", handler: () => {} });
    if (wants === "store") ctx.store([]);
    if (wants === "command") ctx.command({ path: "refuse me", doc: "No.", run: () => Promise.resolve() });
    if (wants === "erasure") ctx.onErase(() => Promise.resolve({ removed: {} }));
    if (wants === "state") ctx.stream({ topics, state: { reset: () => {} } }, () => {});
    if (wants === "worker") {
      ctx.stream({ topics, source: "local", worker: { module: new URL("file:///x.ts") } });
    }
    if (wants === "codec") {
      const codec = { name: "own", encode: () => new Uint8Array(), decode: () => null };
      ctx.topic({ name: "t", partitions: 1 }, { codec });
    }
    if (wants === "throw") throw new TypeError("it does not want to");
    if (wants === "loop") { for (;;); }
  },
} satisfies Plugin<typeof config>;
