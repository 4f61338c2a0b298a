import type { Position } from "../bus/contract.ts";
import type { Message } from "./message.ts";

/** Where a batch begins and ends, in each partition. */
export class BatchSpan {
  /** The first message of each partition. */
  readonly first: readonly Position[];
  /** The last message of each partition. */
  readonly last: readonly Position[];

  /** In the order of `batch`, where those of one partition are in order. */
  constructor(batch: readonly Message<unknown, unknown>[]) {
    const first = new Map<string, Position>();
    const last = new Map<string, Position>();
    batch.forEach(({ topic, partition, offset }, i) => {
      const before = batch[i - 1];
      const after = batch[i + 1];
      const name = () => `${partition}/${topic}`;
      if (before?.partition !== partition || before.topic !== topic) {
        const known = first.get(name());
        if (known === undefined || known.offset > offset) first.set(name(), { topic, partition, offset });
      }
      if (after?.partition !== partition || after.topic !== topic) {
        last.set(name(), { topic, partition, offset });
      }
    });
    this.first = [...first.values()];
    this.last = [...last.values()];
  }

  /** Makes the consumer read it again. */
  rewind(consumer: { seek(position: Position): void }): void {
    for (const position of this.first) {
      try {
        consumer.seek(position);
      } catch (error) {
        // It is another member's now, which begins there by itself.
        if (!(error instanceof RangeError)) throw error;
      }
    }
  }
}
