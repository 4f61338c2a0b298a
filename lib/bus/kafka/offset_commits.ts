import { kafkaError } from "./error.ts";
import type { BytesConsumer } from "./fetcher.ts";
import type { ListedOffset } from "./offsets.ts";

/** Offsets that go to the coordinator in one request. */
interface Gathered {
  readonly offsets: Map<string, ListedOffset>;
  readonly stored: Promise<void>;
}

/**
 * Commits offsets: those of one turn of the event loop in one request, for each costs the coordinator a write to a log
 * of its own.
 */
export class OffsetCommits {
  readonly #consumer: Pick<BytesConsumer, "commit">;
  #gathered: Gathered | undefined;

  /** Commits as this member. */
  constructor(consumer: Pick<BytesConsumer, "commit">) {
    this.#consumer = consumer;
  }

  /**
   * Resolves when the offset is stored; of two of one partition in the same turn the later one is.
   * @throws what the library throws for this offset; where others were in its request and are at fault, nothing.
   */
  async store(position: ListedOffset): Promise<void> {
    const key = `${position.partition}/${position.topic}`;
    const gathered = this.#gathered ??= this.#gather();
    gathered.offsets.set(key, position);
    try {
      await gathered.stored;
    } catch (cause) {
      // What may pass by itself is the group's or the coordinator's, and as true of each offset alone.
      if (gathered.offsets.size === 1 || kafkaError("commit", cause).retryable) throw cause;
      // One topic that is gone, or must not be read, keeps none of the others from being committed.
      await this.#commit([gathered.offsets.get(key) ?? position]);
    }
  }

  #gather(): Gathered {
    const offsets = new Map<string, ListedOffset>();
    const stored = Promise.resolve().then(() => {
      this.#gathered = undefined;
      return this.#commit([...offsets.values()]);
    });
    return { offsets, stored };
  }

  async #commit(positions: readonly ListedOffset[]): Promise<void> {
    await this.#consumer.commit({
      offsets: positions.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset: BigInt(offset),
        leaderEpoch: -1,
      })),
    });
  }
}
