import type { OutgoingRecord, Position } from "../bus/contract.ts";
import type { LingerItem } from "./linger.ts";
import type { ProduceResult } from "./produce_result.ts";

/** Who keeps the records under way. */
export interface PendingOwner {
  /** Called once, when nobody waits for the record any more. */
  settled(pending: PendingRecord): void;
  /** A record that nobody waits for was not stored. */
  failedUnawaited(error: unknown): void;
}

/** What a record is published with. */
export interface PendingOptions {
  /** What is sent. */
  record: OutgoingRecord & { timestamp: number };
  /** What it takes of the buffer. */
  bytes: number;
  /** Whether its publisher waits for the acknowledgement, or for room in the buffer alone. */
  wait: boolean;
  /** Tells the publisher that it is stored or, with `wait: false`, taken. */
  resolve(result: ProduceResult | null): void;
  /** Tells the publisher that it may not be stored or, with `wait: false`, was not taken. */
  reject(error: unknown): void;
}

/** A record that was published, and who waits for it. */
export class PendingRecord implements LingerItem {
  /** See `LingerItem`. */
  state: LingerItem["state"] = "line";
  /** Where its deadline is kept. */
  deadline: number | undefined;
  readonly #owner: PendingOwner;
  readonly #options: PendingOptions;
  #settled = false;

  /** Nobody is told anything yet. */
  constructor(owner: PendingOwner, options: PendingOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  /** What is sent. */
  get record(): OutgoingRecord {
    return this.#options.record;
  }

  /** What it takes of the buffer. */
  get bytes(): number {
    return this.#options.bytes;
  }

  /** Whether nobody waits for it any more. */
  get settled(): boolean {
    return this.#settled;
  }

  /** See `LingerItem`. */
  admitted(): void {
    if (!this.#options.wait) this.#resolve(null);
  }

  /** See `LingerItem`. */
  stored({ topic, partition, offset }: Position): void {
    if (this.#settled) return;
    this.#resolve({ topic, partition, offset, timestampMs: this.#options.record.timestamp });
  }

  /** See `LingerItem`. */
  failed(error: unknown): void {
    if (this.#settled && !this.#options.wait) this.#owner.failedUnawaited(error);
    else this.reject(error);
  }

  /** Tells who waits; who was told already is not told again. */
  reject(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#owner.settled(this);
    this.#options.reject(error);
  }

  #resolve(result: ProduceResult | null): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#owner.settled(this);
    this.#options.resolve(result);
  }
}
