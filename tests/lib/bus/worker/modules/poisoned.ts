import type { HandlerFactory } from "../../../../../lib/bus/handler.ts";

/**
 * Writes each value as a row, and ends the Worker at one whose text names a way to: by closing it, by an error that nobody
 * catches, by a promise that nobody awaits, or in the middle of the transaction.
 */
const factory: HandlerFactory = () => async (batch) => {
  const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
  const write = (tx: { run(sql: string, value: string): unknown }) => {
    for (const value of values) {
      tx.run("INSERT INTO rows VALUES (?, 0)", value);
      if (value === "close in write") self.close();
    }
  };
  const never = new Promise<never>(() => {});
  if (values.includes("close")) self.close();
  if (values.includes("exit")) Deno.exit(3);
  if (values.includes("throw")) {
    setTimeout(() => {
      throw new Error("out of the blue");
    });
    await never;
  }
  if (values.includes("reject")) {
    void Promise.reject(new Error("nobody's"));
    await never;
  }
  return { write };
};

export default factory;
