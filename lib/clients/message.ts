/** A record as a consumer hands it out. */
export interface Message<V = unknown, K = string | Uint8Array | null> {
  /** Name of its topic. */
  readonly topic: string;
  /** Its partition, from 0. */
  readonly partition: number;
  /** Its place in the partition, from 0. */
  readonly offset: number;
  /** Milliseconds since 1970, UTC. */
  readonly timestampMs: number;
  /** `null`: none. By default text where it is UTF-8, else bytes. */
  readonly key: K;
  /** `null`: a tombstone. By default what its JSON says, else text, else bytes. */
  readonly value: V;
  /** By name; of a name that repeats, the last. */
  readonly headers: Readonly<Record<string, Uint8Array | null>>;
}
