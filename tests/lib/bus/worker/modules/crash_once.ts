import type { HandlerFactory } from "../../../../../lib/bus/handler.ts";

/** Kills the Worker in the middle of the first batch it is ever given; `options.marker` remembers that it did. */
const factory: HandlerFactory = (_, options) => (batch) => {
  const marker = isMarked(options) ? options.marker : "";
  try {
    Deno.statSync(marker);
  } catch {
    Deno.writeTextFileSync(marker, "crashed");
    setTimeout(() => {
      throw new Error("out of the blue");
    });
    return new Promise(() => {});
  }
  const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
  return { write: (tx) => values.forEach((value) => tx.run("INSERT INTO rows VALUES (?, 0)", value)) };
};

function isMarked(options: unknown): options is { marker: string } {
  return typeof options === "object" && options !== null && "marker" in options;
}

export default factory;
