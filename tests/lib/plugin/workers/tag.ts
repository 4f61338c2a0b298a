import type { HandlerFactory } from "../../../../lib/bus/handler.ts";

/** Publishes to `out` what was read, behind the text that is its option. */
const factory: HandlerFactory = (_, tag) => (batch) =>
  batch.records.map(({ data }) => ({ topic: "out", value: `${tag} ${data}` }));

export default factory;
