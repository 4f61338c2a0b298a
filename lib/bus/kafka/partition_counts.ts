import { abortable } from "../abortable.ts";
import type { OutgoingRecord } from "../contract.ts";
import type { KafkaClients } from "./clients.ts";
import { KafkaError } from "./error.ts";

/** Milliseconds the number of a topic's partitions is believed. */
const FRESH_MS = 60_000;

/** How many partitions topics have, as far as was asked. */
export class PartitionCounts {
  readonly #clients: Pick<KafkaClients, "metadata">;
  readonly #known = new Map<string, { count: number; at: number }>();

  /** Asks nothing yet. */
  constructor(clients: Pick<KafkaClients, "metadata">) {
    this.#clients = clients;
  }

  /** Partitions of a topic; 0 where it was not asked for. */
  of(topic: string): number {
    return this.#known.get(topic)?.count ?? 0;
  }

  /** Makes the topics of these records known; `now` in ms. Topics may have grown since they were asked for. */
  async learnFor(records: readonly OutgoingRecord[], now: number, signal: AbortSignal): Promise<void> {
    const highest = highestPartitions(records);
    const topics = [...highest.keys()];
    await this.#learn(topics, now, signal);
    const grown = topics.filter((topic) => (highest.get(topic) ?? 0) >= this.of(topic));
    if (grown.length === 0) return;
    for (const topic of grown) this.#known.delete(topic);
    await this.#learn(topics, now, signal);
  }

  /** Believes nothing any more. */
  clear(): void {
    this.#known.clear();
  }

  async #learn(topics: readonly string[], now: number, signal: AbortSignal): Promise<void> {
    const unknown = topics.filter((topic) => {
      const known = this.#known.get(topic);
      return known === undefined || now - known.at > FRESH_MS;
    });
    if (unknown.length === 0) return;
    signal.throwIfAborted();
    const named = unknown.map((topic) => `"${topic}"`).join(", ");
    try {
      const asked = this.#clients.metadata(`send to topic ${named}`, unknown);
      const metadata = await abortable(asked, signal);
      for (const topic of unknown) {
        const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
        if (count > 0) this.#known.set(topic, { count, at: now });
      }
    } catch (error) {
      // In an outage what was known is good enough: the producer itself waits for the brokers.
      const stale = unknown.every((topic) => this.#known.has(topic));
      if (!(stale && error instanceof KafkaError && error.failure === "unreachable")) throw error;
    }
    signal.throwIfAborted();
  }
}

/** The topics of these records, each with the highest partition that is named. */
function highestPartitions(records: readonly OutgoingRecord[]): Map<string, number> {
  const highest = new Map<string, number>();
  let topic: string | undefined;
  let most = 0;
  for (const record of records) {
    if (record.topic !== topic) {
      if (topic !== undefined) highest.set(topic, most);
      topic = record.topic;
      most = highest.get(topic) ?? 0;
    }
    if (record.partition !== undefined && record.partition > most) most = record.partition;
  }
  if (topic !== undefined) highest.set(topic, most);
  return highest;
}
