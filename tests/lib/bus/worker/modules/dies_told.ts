import type { HandlerFactory } from "../../../../../lib/bus/handler.ts";

/** Keeps values as rows; dies, whatever it is at, when the file `options.marker` comes. */
const factory: HandlerFactory = (_, options) => {
  const { marker } = options as { marker: string };
  if (!exists(marker)) {
    setInterval(() => {
      if (exists(marker)) throw new Error("out of the blue");
    }, 5);
  }
  return (batch) => {
    const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
    return { write: (tx) => values.forEach((value) => tx.run("INSERT INTO rows VALUES (?, 0)", value)) };
  };
};

function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch {
    return false;
  }
}

export default factory;
