import type { Position } from "../contract.ts";
import type { KafkaError } from "./error.ts";
import type { Chunk } from "./lane.ts";
import type { KafkaMessage } from "./records.ts";

/** Messages in a row that the broker has acknowledged together. */
interface Acknowledged {
  from: number;
  count: number;
  offset: number;
}

/** The records of one call for one partition, and where they came to lie. */
export class PartitionChunk implements Chunk {
  /** The topic. */
  readonly topic: string;
  /** The partition, from 0. */
  readonly partition: number;
  /** See `Chunk`. */
  readonly messages: KafkaMessage[] = [];
  /** See `Chunk`. */
  readonly sizes: number[] = [];
  /** See `Chunk`. */
  bytes = 0;
  /** See `Chunk`. */
  done = false;
  /** Resolves when it is settled, with what stopped it. */
  readonly outcome: Promise<KafkaError | undefined>;
  /** Places of the messages among the records of the call. */
  readonly #indices: number[] = [];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #settle: (error: KafkaError | undefined) => void;

  /** Empty. */
  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
    const { promise, resolve } = Promise.withResolvers<KafkaError | undefined>();
    this.outcome = promise;
    this.#settle = resolve;
  }

  /** Adds the call's record at `index`, which takes so many bytes in a batch. */
  add(index: number, message: KafkaMessage, bytes: number): void {
    this.#indices.push(index);
    this.messages.push(message);
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  /** See `Chunk`. */
  acknowledged(from: number, count: number, offset: number): void {
    this.#acknowledged.push({ from, count, offset });
  }

  /** See `Chunk`. */
  settled(error?: KafkaError): void {
    this.done = true;
    this.#settle(error);
  }

  /** Enters the positions of what is acknowledged. */
  place(positions: (Position | undefined)[]): void {
    const { topic, partition } = this;
    for (const { from, count, offset } of this.#acknowledged) {
      for (let i = 0; i < count; i++) {
        const index = this.#indices[from + i];
        if (index === undefined) continue;
        positions[index] = { topic, partition, offset: offset < 0 ? offset : offset + i };
      }
    }
  }
}
