import type { HandlerFactory } from "../../../../lib/bus/handler.ts";

/** Publishes twice what was read, to the topic that is its option. */
const factory: HandlerFactory = (_, topic) => (batch) =>
  batch.records.map(({ data }) => ({ topic: String(topic), value: Number(data) * 2 }));

export default factory;
