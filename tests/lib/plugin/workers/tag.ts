import type { HandlerFactory } from "../../../../lib/bus/handler.ts";

/** Publishes to `out` what was read, behind the text that is its option, and which one of its records that is. */
const factory: HandlerFactory = (_, tag) => {
  let count = 0;
  return (batch) => batch.records.map(({ data }) => ({ topic: "out", value: `${tag} ${data} ${++count}` }));
};

export default factory;
