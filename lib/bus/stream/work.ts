import { StoreError } from "../../store/error.ts";
import type { Transaction } from "../../store/contract.ts";
import type { Clock } from "../clock.ts";
import {
  type BusRecord,
  FencedError,
  type OutgoingRecord,
  type RecordBatch,
  type Subscription,
} from "../contract.ts";
import { deadLetter } from "./dead_letters.ts";
import type { Batch, StreamHandler } from "../handler.ts";
import { type Outcome, type OutcomeOptions, toOutcome } from "./handler_result.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "./retry.ts";
import { streamRecord } from "./stream_record.ts";

/** The stream stopped, or the partition went to another member, before the batch was committed. */
export class AbandonedError extends Error {
  override readonly name = "AbandonedError";
}

/** What went on while a batch was worked on, for logs and metrics. */
export interface WorkEvents {
  handled(records: number, seconds: number): void;
  /** A handler failed; it is tried again after `delayMs`, or its records are tried in smaller parts. */
  retrying(cause: unknown, attempt: number, delayMs: number): void;
  deadLettered(record: BusRecord, cause: unknown): void;
  /** The bus or the store refused a commit; it is tried again. */
  commitFailing(cause: unknown, attempt: number, delayMs: number): void;
}

/** What working on batches needs. */
export interface WorkOptions extends OutcomeOptions {
  group: string;
  handler: StreamHandler;
  attempts: number;
  /** Logical name of a real topic. */
  logicalName(topic: string): string;
  isRetryable(error: unknown): boolean;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  events: WorkEvents;
}

/** What interrupts work on a batch. */
export interface Signals {
  /** Drops the batch; the handler sees it abort. */
  drop: AbortSignal;
  /** Lets a running handler and commit finish, but waits for no further attempt. */
  hurry: AbortSignal;
}

/** A handler's `write` threw: its own fault, unlike a commit's. */
class WriteError extends Error {}

interface Done {
  outcomes: Outcome[];
  letters: { record: BusRecord; cause: unknown }[];
}

/** Works on batches: handler, retries, dead letters, commit. */
export class StreamWork {
  readonly #retry: RetryPolicy;

  constructor(private readonly options: WorkOptions) {
    this.#retry = options.retry ?? DEFAULT_RETRY;
  }

  /**
   * Handles `batch` and commits rows, outputs, dead letters and offset together.
   * A batch that fails at every attempt is tried in halves, so that only the records at fault are set aside.
   * @throws {FencedError} the partition is another member's now.
   * @throws {AbandonedError} a signal aborted; what was not committed is delivered again.
   */
  async run(subscription: Subscription, batch: RecordBatch, signals: Signals): Promise<void> {
    await this.#unit(subscription, batch, this.options.attempts, signals);
  }

  async #unit(
    subscription: Subscription,
    batch: RecordBatch,
    tries: number,
    signals: Signals,
  ): Promise<void> {
    const { attempts, events } = this.options;
    let cause: unknown;
    for (let attempt = 1; attempt <= tries; attempt++) {
      try {
        const done = await this.#handle(batch, signals);
        await this.#commit(subscription, batch, done, signals);
        return;
      } catch (error) {
        if (error instanceof FencedError || error instanceof AbandonedError) throw error;
        if (signals.drop.aborted) throw new AbandonedError("stopped while handling", { cause: error });
        cause = error instanceof WriteError ? error.cause : error;
        const last = attempt === tries;
        const delayMs = last ? 0 : retryDelay(attempt, this.#retry, this.options.random);
        if (!last || batch.records.length > 1) events.retrying(cause, attempt, delayMs);
        if (!last) await this.#wait(delayMs, signals);
      }
    }
    const [record, ...others] = batch.records;
    if (record === undefined) return;
    if (others.length === 0) {
      await this.#commit(
        subscription,
        batch,
        { outcomes: [], letters: [{ record, cause }] },
        signals,
        attempts,
      );
      return;
    }
    const middle = Math.ceil(batch.records.length / 2);
    await this.#unit(subscription, { ...batch, records: batch.records.slice(0, middle) }, 1, signals);
    await this.#unit(subscription, { ...batch, records: batch.records.slice(middle) }, 1, signals);
  }

  /** Calls the handler, then again for each record that it said has failed. */
  async #handle(batch: RecordBatch, signals: Signals): Promise<Done> {
    const { attempts, events, random } = this.options;
    const first = await this.#call(batch, signals);
    const done: Done = { outcomes: [first.outcome], letters: [] };
    for (const record of batch.records) {
      if (!first.failed.has(record)) continue;
      let cause = first.failed.get(record);
      let attempt = 1;
      while (attempt < attempts) {
        const delayMs = retryDelay(attempt, this.#retry, random);
        events.retrying(cause, attempt, delayMs);
        await this.#wait(delayMs, signals);
        attempt++;
        try {
          const again = await this.#call({ ...batch, records: [record] }, signals);
          if (!again.failed.has(record)) {
            done.outcomes.push(again.outcome);
            cause = undefined;
            break;
          }
          cause = again.failed.get(record);
        } catch (error) {
          if (error instanceof AbandonedError) throw error;
          cause = error;
        }
        if (signals.drop.aborted) throw new AbandonedError("stopped while handling", { cause });
      }
      if (cause !== undefined) done.letters.push({ record, cause });
    }
    return done;
  }

  async #call(
    batch: RecordBatch,
    signals: Signals,
  ): Promise<{ outcome: Outcome; failed: Map<BusRecord, unknown> }> {
    if (signals.drop.aborted) throw new AbandonedError("stopped before handling");
    const failed = new Map<BusRecord, unknown>();
    const topic = this.options.logicalName(batch.topic);
    const given: Batch = {
      topic,
      partition: batch.partition,
      records: batch.records.map((record) => streamRecord(record, topic, record.value)),
      signal: signals.drop,
      fail: ({ offset }, cause) => {
        const original = batch.records.find((each) => each.offset === offset);
        if (original === undefined) {
          throw new TypeError(
            `Cannot fail offset ${offset}: it is not in this batch; give one of batch.records`,
          );
        }
        failed.set(original, cause ?? new Error("the handler gave no cause"));
      },
    };
    const started = this.options.clock.now();
    const outcome = toOutcome(await this.options.handler(given), this.options);
    this.options.events.handled(batch.records.length, (this.options.clock.now() - started) / 1000);
    return { outcome, failed };
  }

  async #commit(
    subscription: Subscription,
    batch: RecordBatch,
    done: Done,
    signals: Signals,
    attempts = this.options.attempts,
  ): Promise<void> {
    const last = batch.records.at(-1);
    if (last === undefined) return;
    const { clock, random, events, group } = this.options;
    const outputs = done.outcomes.flatMap((outcome) => outcome.outputs);
    for (const { record, cause } of done.letters) {
      outputs.push(deadLetter({ record, cause, attempts, group, at: clock.now() }));
    }
    const writes = done.outcomes.flatMap((outcome) => outcome.write ? [outcome.write] : []);
    const write = writes.length === 0
      ? undefined
      : (tx: Transaction) => writes.flatMap((each) => written(each, tx));
    const { topic, partition, offset } = last;
    for (let attempt = 1;; attempt++) {
      try {
        await subscription.commit({
          through: { topic, partition, offset },
          outputs,
          ...(write && { write }),
        });
        for (const { record, cause } of done.letters) events.deadLettered(record, cause);
        return;
      } catch (error) {
        if (!this.#isInfrastructure(error)) throw error;
        if (signals.drop.aborted) throw new AbandonedError("stopped while committing", { cause: error });
        const delayMs = retryDelay(attempt, this.#retry, random);
        events.commitFailing(error, attempt, delayMs);
        await this.#wait(delayMs, signals);
      }
    }
  }

  /** A fault of the store or the bus, which no other handling of the records would cure. */
  #isInfrastructure(error: unknown): boolean {
    if (error instanceof FencedError) return false;
    const fault = error instanceof WriteError ? error.cause : error;
    if (fault instanceof StoreError) return fault.failure !== "constraint" && fault.failure !== "other";
    return !(error instanceof WriteError) && this.options.isRetryable(error);
  }

  async #wait(ms: number, signals: Signals): Promise<void> {
    await this.options.clock.sleep(ms, AbortSignal.any([signals.drop, signals.hurry]));
    if (signals.drop.aborted || signals.hurry.aborted) throw new AbandonedError("stopped while waiting");
  }
}

function written(
  write: (tx: Transaction) => readonly OutgoingRecord[],
  tx: Transaction,
): readonly OutgoingRecord[] {
  try {
    return write(tx);
  } catch (cause) {
    throw new WriteError("the handler's write failed", { cause });
  }
}
