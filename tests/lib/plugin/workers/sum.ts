import type { HandlerFactory, StateFactory, StreamHandler } from "../../../../lib/bus/handler.ts";

/** Adds up each partition's values in the table `sums`, and publishes each new sum to `out`, behind a tag. */
export const summing = (tag: string): StreamHandler<number> => ({ partition, records }) => ({
  write: (tx) =>
    records.map(({ data }) => {
      tx.run(
        "INSERT INTO sums VALUES (?, ?) ON CONFLICT DO UPDATE SET sum = sum + excluded.sum",
        partition,
        data,
      );
      const sum = tx.get<{ sum: number }>("SELECT sum FROM sums WHERE part = ?", partition)?.sum;
      return { topic: "out", value: `${tag} ${partition} ${sum}` };
    }),
});

const factory: HandlerFactory = (_, tag) => summing(String(tag));
export default factory;

export const state: StateFactory = () => ({
  reset: (tx, { partition }) => void tx.run("DELETE FROM sums WHERE part = ?", partition),
});
