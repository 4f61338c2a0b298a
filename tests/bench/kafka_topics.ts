import type { BusDriver } from "../../lib/bus/contract.ts";

const encoder = new TextEncoder();

/** Fills a topic with JSON events of so many bytes, keys of a thousand kinds, in batches of 500 a partition. */
export async function fill(
  bus: Pick<BusDriver, "send">,
  { topic, records, bytes }: { topic: string; records: number; bytes: number },
): Promise<void> {
  for (let from = 0; from < records; from += 3_000) {
    await bus.send(Array.from({ length: Math.min(3_000, records - from) }, (_, at) => {
      const sequence = from + at;
      return { topic, key: encoder.encode(`key-${sequence % 1_000}`), value: event(sequence, bytes) };
    }));
  }
}

/** An event of exactly so many bytes. */
function event(sequence: number, bytes: number): Uint8Array {
  const bare = { schema: "bench.event.v1", sequence, model: "bench-1", tokens: [128, 512], text: "" };
  const room = Math.max(0, bytes - JSON.stringify(bare).length);
  return encoder.encode(JSON.stringify({ ...bare, text: "x".repeat(room) }));
}
