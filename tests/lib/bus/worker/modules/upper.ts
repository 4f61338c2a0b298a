import type { HandlerFactory } from "../../../../../lib/bus/handler.ts";

/** Writes each value as a row and publishes it in capitals. */
const factory: HandlerFactory = (ctx, options) => {
  const seen = ctx.counter({ name: "seen_total", help: "Records seen." });
  ctx.log.info("Handler made.", { options });
  return (batch) => {
    const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
    seen.inc(undefined, values.length);
    const rows = ctx.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM rows"))?.n ?? 0;
    return {
      outputs: values.map((value) => ({ topic: "out", value: { value: value.toUpperCase() } })),
      write: (tx) => values.forEach((value) => tx.run("INSERT INTO rows VALUES (?, ?)", value, rows)),
    };
  };
};

export default factory;
