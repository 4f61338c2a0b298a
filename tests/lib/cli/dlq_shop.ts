import type { BusDriver, OutgoingRecord } from "../../../lib/bus/contract.ts";
import { deadLetter } from "../../../lib/bus/stream/dead_letters.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";

/** Reads two topics; its letters are written by the tests. */
export const letterShop: Plugin = {
  name: "shop",
  setup(ctx) {
    ctx.topic({ name: "shop.orders", partitions: 3, replication: 1 });
    ctx.topic({ name: "shop.carts", partitions: 1, replication: 1 });
    ctx.stream({ topics: ["shop.orders", "shop.carts"], group: "shop" }, () => {});
  },
};

/** Milliseconds since 1970. */
export const FIRST_AT = Date.UTC(2026, 10, 21, 8);

/**
 * Letters of these topics, by real name: three of orders, the last without a key, and one of carts. The first was given
 * up at `firstAt`, each further one a minute later.
 */
export function lettersOf(orders: string, carts: string, firstAt: number): OutgoingRecord[] {
  const encode = (text: string) => new TextEncoder().encode(text);
  const letter = (at: number, of: Partial<Parameters<typeof deadLetter>[0]["record"]>, cause: Error) =>
    deadLetter({
      record: {
        topic: orders,
        partition: 0,
        offset: at,
        key: encode(`customer-${at}`),
        value: encode(`{"order":${at},"items":["tea","cup"]}`),
        headers: [["source", encode("web")]],
        timestamp: firstAt - 3_600_000,
        ...of,
      },
      cause,
      attempts: 5,
      group: "shop",
      at: firstAt + at * 60_000,
    });
  const busy = new Error("Cannot reach the till: it is closed", { cause: new Error("ECONNREFUSED") });
  return [
    letter(0, { partition: 1, offset: 7 }, busy),
    letter(1, { value: encode("{no json"), offset: 3 }, new TypeError("Cannot read a value: it is no JSON")),
    letter(2, { key: null, partition: 2, offset: 9, value: new Uint8Array([0, 255, 1]), headers: [] }, busy),
    letter(3, { topic: carts, value: null, offset: 1 }, new Error("refused\nby the till")),
  ];
}

/** Everything in a topic: partition, key and headers as texts. */
export async function contentOf(bus: BusDriver, topic: string) {
  const decode = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
  const [found] = await bus.topics.describe([topic]);
  const reader = await bus.open({ group: null, topics: [topic], from: "earliest" });
  await using _ = reader;
  const records: { partition: number; key: string | null; headers: Record<string, string | null> }[] = [];
  const at = (partition: number) => reader.position({ topic, partition }) ?? 0;
  while (found?.partitions.some(({ partition, endOffset }) => at(partition) < endOffset)) {
    const batch = await reader.receive({ max: 100, maxBytes: 1_000_000, waitMs: 1_000 });
    for (const { partition, key, headers } of batch?.records ?? []) {
      records.push({
        partition,
        key: decode(key),
        headers: Object.fromEntries(headers.map(([name, value]) => [name, decode(value)])),
      });
    }
  }
  return records.sort((a, b) => String(a.key) < String(b.key) ? -1 : 1);
}
