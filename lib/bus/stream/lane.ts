import type { Assignment } from "../contract.ts";
import { type BatchBounds, FormingBatch } from "./forming_batch.ts";
import { AbandonedError, type Signals } from "./work.ts";

/** One partition while it is this member's. */
export class Lane {
  readonly topic: string;
  readonly partition: number;
  /** For maps and messages: `0/orders`. */
  readonly name: string;
  /** What interrupts its work. */
  readonly signals: Signals;
  readonly forming: FormingBatch;
  /** Whether records may come. */
  ready = false;
  /** Whether the handler's hook knows of it. */
  told = false;
  /** Nothing more is begun here. */
  ended = false;
  /** What is being worked on. */
  working: Promise<void> | undefined;
  /** What must be done before the first batch, or the next. */
  preparing: Promise<void> | undefined;
  /** Where the group was when it came, or when its state was emptied. */
  assignment: Assignment;
  readonly #dropping = new AbortController();

  constructor(
    assignment: Assignment,
    bounds: BatchBounds,
    session: Pick<Signals, "hurry" | "quit">,
  ) {
    this.assignment = assignment;
    this.topic = assignment.topic;
    this.partition = assignment.partition;
    this.name = laneName(assignment);
    this.forming = new FormingBatch(bounds);
    this.signals = { ...session, drop: AbortSignal.any([this.#dropping.signal, session.quit]) };
  }

  /** Whether it went to another member. */
  get lost(): boolean {
    return this.#dropping.signal.aborted;
  }

  /** Whether a batch may be begun. */
  get startable(): boolean {
    return this.ready && !this.ended && this.working === undefined && !this.forming.empty;
  }

  /** Whether more records are wanted. */
  get wanting(): boolean {
    return this.ready && !this.ended && !this.forming.full;
  }

  /** The partition is another member's now. */
  drop(): void {
    this.ended = true;
    this.#dropping.abort(new AbandonedError("the partition went to another member"));
  }

  /** Resolves when nothing of it is under way any more. */
  async settled(): Promise<void> {
    await this.preparing;
    await this.working;
  }
}

/** Names a partition in maps and messages: `0/orders`. */
export function laneName({ topic, partition }: { topic: string; partition: number }): string {
  return `${partition}/${topic}`;
}
