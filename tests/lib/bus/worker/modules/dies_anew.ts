import type { HandlerFactory, StateFactory } from "../../../../../lib/bus/handler.ts";

/** Keeps its values as rows. The first time that its state is emptied, the Worker dies over the first batch after. */
let anew = false;

const factory: HandlerFactory = (_, options) => (batch) => {
  if (anew && isFirst(options)) {
    setTimeout(() => {
      throw new Error("out of the blue");
    });
    return new Promise(() => {});
  }
  const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
  return { write: (tx) => values.forEach((value) => tx.run("INSERT INTO rows VALUES (?, 0)", value)) };
};

export const state: StateFactory = () => ({
  reset(tx) {
    anew = true;
    tx.run("DELETE FROM rows");
  },
});

function isFirst(options: unknown): boolean {
  const { marker } = options as { marker: string };
  try {
    Deno.statSync(marker);
    return false;
  } catch {
    Deno.writeTextFileSync(marker, "died");
    return true;
  }
}

export default factory;
