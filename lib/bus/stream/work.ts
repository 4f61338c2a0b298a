import { abortable } from "../abortable.ts";
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
import { redactEnds } from "../encode.ts";
import { deadLetter } from "./dead_letters.ts";
import type { Batch, StreamHandler } from "../handler.ts";
import { type Decoded, decodeRecords } from "./decode.ts";
import { type Outcome, type OutcomeOptions, toOutcome } from "./handler_result.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "./retry.ts";
import type { WorkWatch } from "./watch.ts";

/** The stream stopped, or the partition went to another member, before the batch was committed. */
export class AbandonedError extends Error {
  override readonly name = "AbandonedError";
}

/** A record was given up where nothing goes to a dead-letter topic; what came before it is committed. */
export class GaveUpError extends Error {
  override readonly name = "GaveUpError";
  constructor(readonly record: BusRecord, cause: unknown) {
    const { topic, partition, offset } = record;
    super(`Cannot handle offset ${offset} of ${topic}/${partition}: the last attempt failed`, { cause });
  }
}

/** What went on while a batch was worked on, for logs and metrics. */
export interface WorkEvents {
  handled(records: number, seconds: number): void;
  /** A handler failed; it is tried again after `delayMs`, or its records are tried in smaller parts. */
  retrying(cause: unknown, attempt: number, delayMs: number): void;
  deadLettered(record: BusRecord, cause: unknown): void;
  /** The bus or the store refused a commit; it is tried again. */
  commitFailing(batch: RecordBatch, cause: unknown, attempt: number, delayMs: number): void;
}

/** Where a batch's rows, outputs and offset go. */
export type Sink = Pick<Subscription, "commit">;

/** What working on batches needs. */
export interface WorkOptions extends OutcomeOptions {
  group: string;
  handler: StreamHandler;
  attempts: number;
  /** `"bytes"`: handlers get values as they lie. Default: as the topic's codec reads them. */
  values?: "decoded" | "bytes";
  /** What is given up goes to the dead-letter topic (default), or ends the work by a `GaveUpError`. */
  onFailure?: "dead-letter" | "stop";
  /** Logical name of a real topic. */
  logicalName(topic: string): string;
  isRetryable(error: unknown): boolean;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  /** Where a handler may end the thread. */
  watch?: WorkWatch;
  events: WorkEvents;
}

/** What interrupts work on a batch. */
export interface Signals {
  /** Drops the batch; the handler sees it abort. */
  drop: AbortSignal;
  /** Lets a running handler and commit finish, but waits for no further attempt. */
  hurry: AbortSignal;
  /** Waits for nothing any more, not even a commit under way. */
  quit: AbortSignal;
}

/** A handler's `write` threw: its own fault, unlike a commit's. */
class WriteError extends Error {}

interface Done {
  outcomes: Outcome[];
  letters: { record: BusRecord; cause: unknown; attempts: number }[];
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
   * @throws {GaveUpError} a record was given up, and `onFailure` is "stop".
   */
  async run(sink: Sink, batch: RecordBatch, signals: Signals): Promise<void> {
    for (const part of this.options.watch?.parts(batch) ?? [batch]) {
      await this.#unit(sink, part, this.options.attempts, signals);
    }
  }

  async #unit(
    subscription: Sink,
    batch: RecordBatch,
    tries: number,
    signals: Signals,
  ): Promise<void> {
    const { attempts, events, watch } = this.options;
    const deaths = watch?.deaths(batch);
    let cause: unknown = deaths?.cause;
    for (let attempt = 1 + (deaths?.count ?? 0); attempt <= tries; attempt++) {
      try {
        await this.#watched(batch, signals, async () => {
          const done = await this.#handle(batch, signals);
          await this.#commit(subscription, batch, done, signals);
        });
        watch?.settled(batch, "handled");
        return;
      } catch (error) {
        if (error instanceof FencedError || error instanceof AbandonedError) throw error;
        if (error instanceof GaveUpError) return await this.#upTo(error, subscription, batch, signals);
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
      if (this.options.onFailure === "stop") throw new GaveUpError(record, cause);
      await this.#commit(
        subscription,
        batch,
        { outcomes: [], letters: [{ record, cause, attempts }] },
        signals,
      );
      watch?.settled(batch, "given up");
      return;
    }
    const middle = Math.ceil(batch.records.length / 2);
    await this.#unit(subscription, { ...batch, records: batch.records.slice(0, middle) }, 1, signals);
    await this.#unit(subscription, { ...batch, records: batch.records.slice(middle) }, 1, signals);
  }

  /** Does it under watch, where this thread is watched. */
  async #watched(batch: RecordBatch, signals: Signals, work: () => Promise<void>): Promise<void> {
    const { watch } = this.options;
    if (watch === undefined) return await work();
    let begun = false;
    try {
      await watch.run(batch, [signals.drop, signals.hurry], () => {
        begun = true;
        return work();
      });
    } catch (error) {
      throw begun ? error : new AbandonedError("stopped before its turn", { cause: error });
    }
  }

  /** Handles what comes before a record that was given up in the middle of a batch, then says so. */
  async #upTo(gaveUp: GaveUpError, sink: Sink, batch: RecordBatch, signals: Signals): Promise<never> {
    const before = batch.records.filter(({ offset }) => offset < gaveUp.record.offset);
    if (before.length > 0) {
      await this.#unit(sink, { ...batch, records: before }, this.options.attempts, signals);
    }
    throw gaveUp;
  }

  /** Calls the handler, then again for each record that it said has failed. */
  async #handle(batch: RecordBatch, signals: Signals): Promise<Done> {
    const { attempts, events, random } = this.options;
    const { records, unreadable } = this.#decode(batch);
    const [broken] = unreadable;
    if (broken && this.options.onFailure === "stop") throw new GaveUpError(broken.record, broken.cause);
    // No further attempt would make them readable.
    const done: Done = { outcomes: [], letters: unreadable.map((each) => ({ ...each, attempts: 1 })) };
    if (records.length === 0) return done;
    const first = await this.#call(batch, records, signals);
    done.outcomes.push(first.outcome);
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
          const alone = { ...batch, records: [record] };
          const again = await this.#call(alone, this.#decode(alone).records, signals);
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
      if (cause === undefined) continue;
      if (this.options.onFailure === "stop") throw new GaveUpError(record, cause);
      done.letters.push({ record, cause, attempts });
    }
    return done;
  }

  /** Anew for each attempt: a handler may have changed what it was given. */
  #decode({ topic, records }: RecordBatch): Decoded {
    const { logicalName, codecs, values } = this.options;
    const name = logicalName(topic);
    return decodeRecords(records, { topic: name, codec: values === "bytes" ? undefined : codecs.of(name) });
  }

  async #call(
    batch: RecordBatch,
    records: Batch["records"],
    signals: Signals,
  ): Promise<{ outcome: Outcome; failed: Map<BusRecord, unknown> }> {
    if (signals.drop.aborted) throw new AbandonedError("stopped before handling");
    const failed = new Map<BusRecord, unknown>();
    const given: Batch = {
      topic: this.options.logicalName(batch.topic),
      partition: batch.partition,
      records,
      signal: signals.drop,
      fail: ({ offset }, cause) => {
        const original = batch.records.find((each) => each.offset === offset);
        if (original === undefined || !records.some((each) => each.offset === offset)) {
          throw new TypeError(
            `Cannot fail offset ${offset}: it is not in this batch; give one of batch.records`,
          );
        }
        failed.set(original, cause ?? new Error("the handler gave no cause"));
      },
    };
    const started = this.options.clock.now();
    const outcome = toOutcome(await this.options.handler(given), records, this.options);
    this.options.events.handled(records.length, (this.options.clock.now() - started) / 1000);
    return { outcome, failed };
  }

  async #commit(
    subscription: Sink,
    batch: RecordBatch,
    done: Done,
    signals: Signals,
  ): Promise<void> {
    const last = batch.records.at(-1);
    if (last === undefined) return;
    const { clock, random, events, group, codecs } = this.options;
    const { redaction } = codecs;
    const outputs = done.outcomes.flatMap((outcome) => outcome.outputs);
    for (const letter of done.letters) {
      const codec = codecs.of(this.options.logicalName(letter.record.topic));
      const redacted = {
        value: (bytes: Uint8Array | null) => codec.redacted(bytes),
        text: (text: string) => redaction.text(text),
      };
      const made = deadLetter({ ...letter, group, at: clock.now(), redacted });
      outputs.push(redaction.on ? redactEnds(made, redaction) : made);
    }
    const writes = done.outcomes.flatMap((outcome) => outcome.write ? [outcome.write] : []);
    const write = writes.length === 0
      ? undefined
      : (tx: Transaction) => writes.flatMap((each) => written(each, tx));
    const { topic, partition, offset } = last;
    for (let attempt = 1;; attempt++) {
      try {
        const committed = subscription.commit({
          through: { topic, partition, offset },
          from: batch.records[0]?.offset ?? offset,
          outputs,
          ...(write && { write }),
        });
        await abortable(committed, signals.quit);
        for (const { record, cause } of done.letters) events.deadLettered(record, cause);
        return;
      } catch (error) {
        if (signals.quit.aborted) throw new AbandonedError("stopped while committing", { cause: error });
        if (!this.#isInfrastructure(error)) throw error;
        if (signals.drop.aborted) throw new AbandonedError("stopped while committing", { cause: error });
        const delayMs = retryDelay(attempt, this.#retry, random);
        events.commitFailing(batch, error, attempt, delayMs);
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
