import type { HandlerFactory } from "../../../../lib/bus/handler.ts";

/** Publishes each value again, to the topic that is its option. */
const factory: HandlerFactory = (_, topic) => (batch) =>
  batch.records.map(({ value }) => ({ topic: String(topic), value }));

export default factory;
