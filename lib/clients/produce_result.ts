/** Where a published record came to lie. */
export interface ProduceResult {
  /** Name of the topic. */
  readonly topic: string;
  /** Partition, from 0. */
  readonly partition: number;
  /** Place in the partition, from 0; -1 with `acks: 0`, where the broker does not say. */
  readonly offset: number;
  /** The record's time as it was sent, in milliseconds since 1970, UTC. */
  readonly timestampMs: number;
}
