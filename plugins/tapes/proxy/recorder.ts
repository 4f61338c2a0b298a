import type { AppendFailure, Health, Logger, PluginContext, Redaction } from "capstan";
import { ByteBlocks } from "../byte_blocks.ts";
import { type CallMeta, CALLS_TOPIC, decodeCall, encodeCall } from "../call.ts";
import { Deadlines } from "./deadlines.ts";
import type { ProxyMetrics } from "./proxy_metrics.ts";
import { type KeptCall, RetryBuffer } from "./retry_buffer.ts";

/** What became of a call's row when its answer's end had to be decided on. */
export type Verdict =
  /** The row is durable. */
  | "stored"
  /** It is not, and the answer goes out all the same. */
  | "forward"
  /** It is not, and the answer is withheld. */
  | "block";

/** What the recorder is made of. */
export interface RecorderOptions {
  append: PluginContext["append"];
  /** What a call's bytes are stored as; see `Redaction`. Those in memory are as they are. */
  redact: Pick<Redaction, "seal">;
  now: () => number;
  log: Logger;
  metrics: Pick<ProxyMetrics, "accounted" | "givenUp">;
  onFailure: "forward" | "block";
  /** Milliseconds a verdict takes at most. */
  commitTimeoutMs: number;
  /** Bytes of calls that wait for the store to recover. */
  retryBytes: number;
  /** Milliseconds before the first retry; doubled up to `retryMaxMs`. */
  retryMs?: number;
  retryMaxMs?: number;
}

/** Calls stored at once when the store is back. */
const retryBatch = 32;

/** Makes calls durable; keeps and retries those the store did not take. Logs when trouble begins and ends. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #deadlines: Deadlines;
  readonly #buffer: RetryBuffer;
  readonly #blocks = new ByteBlocks();
  /** Appends that have not settled. */
  #pending = 0;
  /** Of those: bytes of the ones whose answer did not wait any longer. */
  #overdueBytes = 0;
  #overdue = 0;
  #trouble: { since: number; reason: string } | undefined;
  #givenUp = 0;
  #retrying = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #delayMs: number;
  #closed = false;
  readonly #waiters = new Set<() => void>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.commitTimeoutMs, options.now);
    this.#buffer = new RetryBuffer(options.retryBytes);
    this.#delayMs = options.retryMs ?? 50;
  }

  /** Calls and bytes that wait for the store. */
  get waiting(): { calls: number; bytes: number } {
    return { calls: this.#buffer.size + this.#overdue, bytes: this.#buffer.bytes + this.#overdueBytes };
  }

  /** Why new calls are to be refused, where they are. */
  get refusal(): string | undefined {
    return this.#options.onFailure === "block" && this.#isStuck() ? this.#trouble?.reason : undefined;
  }

  /** Stores a call; the parts are copied before this returns. `decided` is called once, later or at once. */
  record(
    meta: CallMeta,
    request: readonly Uint8Array[],
    response: readonly Uint8Array[],
    decided: (verdict: Verdict) => void,
  ): void {
    const call: KeptCall = {
      value: encodeCall(meta, request, response, this.#blocks),
      outcome: meta.outcome,
    };
    // While the store fails nobody waits for it: the retry finds out when it is back.
    if (this.#isStuck()) decided(this.#keep(call, this.#trouble!.reason));
    else this.#append(call, meta.ended_at, decided);
  }

  /** Resolves when nothing waits, or when `signal` aborts; what waits then is given up and counted. */
  async drain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (this.#pending > 0 || this.#buffer.size > 0)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener("abort", done);
          this.#waiters.delete(done);
          resolve();
        };
        this.#waiters.add(done);
        signal.addEventListener("abort", done);
      });
    }
    this.close();
  }

  /** Stops retrying. Safe twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#deadlines.close();
    const left = this.#buffer.peek(Infinity);
    for (const _ of left) this.#giveUp("shutdown");
    this.#buffer.remove(new Set(left));
  }

  /** How storing fares. */
  health(): Health {
    const { calls, bytes } = this.waiting;
    const figures = { waiting_calls: calls, waiting_bytes: bytes, given_up_calls: this.#givenUp };
    if (!this.#trouble) return { status: "ok", figures };
    return {
      status: this.#options.onFailure === "block" ? "failed" : "degraded",
      detail: `Calls can't be stored: ${this.#trouble.reason}`,
      figures,
    };
  }

  #isStuck(): boolean {
    return this.#trouble !== undefined && (this.#buffer.size > 0 || this.#overdue > 0);
  }

  #append(call: KeptCall, now: number, decided: (verdict: Verdict) => void): void {
    const { onFailure, metrics, commitTimeoutMs } = this.#options;
    const abort = onFailure === "block" ? new AbortController() : undefined;
    let overdue = false;
    const deadline = this.#deadlines.add(now, () => {
      overdue = true;
      this.#overdue++;
      this.#overdueBytes += call.value.length;
      this.#fail(`the store has not answered within ${commitTimeoutMs} ms`);
      abort?.abort();
      decided(onFailure);
    });
    const settled = () => {
      this.#deadlines.cancel(deadline);
      this.#pending--;
      if (!overdue) return;
      this.#overdue--;
      this.#overdueBytes -= call.value.length;
    };
    this.#pending++;
    this.#store(call, abort && { signal: abort.signal }).then(() => {
      settled();
      metrics.accounted.inc({ outcome: call.outcome });
      if (!overdue) decided("stored");
      if (this.#trouble) this.#retry();
      this.#wake();
    }, (error: unknown) => {
      settled();
      const reason = reasonOf(error);
      this.#fail(reason);
      const verdict = this.#keep(call, reason, error);
      if (!overdue) decided(verdict);
      this.#wake();
    });
  }

  /** Appends a call as it may lie on the disk. */
  #store(call: KeptCall, options?: { signal: AbortSignal }): Promise<unknown> {
    const { append, redact } = this.#options;
    try {
      return append(CALLS_TOPIC, { value: redact.seal(call.value) }, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Keeps a call for later, or gives it up. */
  #keep(call: KeptCall, reason: string, error?: unknown): Verdict {
    const { onFailure } = this.#options;
    // A copy: the value's memory is shared with calls that are long stored.
    const kept = onFailure === "block" ? blocked(call, reason) : { ...call, value: call.value.slice() };
    if (this.#closed) this.#giveUp("shutdown");
    else if (isHopeless(error)) this.#giveUp("constraint");
    else if (!this.#buffer.push(kept, this.#overdueBytes)) this.#giveUp("retry-memory");
    this.#schedule();
    return onFailure;
  }

  #fail(reason: string): void {
    if (this.#trouble) return;
    const { now, log, onFailure } = this.#options;
    this.#trouble = { since: now(), reason };
    log.warn(
      `Calls can't be stored: ${reason}; ` +
        (onFailure === "block"
          ? "answers are withheld until they can"
          : "answers go out, and calls are kept in memory until they can"),
    );
  }

  #recover(): void {
    if (!this.#trouble || this.#isStuck()) return;
    const seconds = Math.round((this.#options.now() - this.#trouble.since) / 1000);
    this.#trouble = undefined;
    this.#delayMs = this.#options.retryMs ?? 50;
    this.#options.log.info(`Calls are stored again, after ${seconds} s`, { given_up_calls: this.#givenUp });
  }

  #giveUp(reason: string): void {
    // The first one of a trouble is worth a line; the counter has them all.
    if (this.#givenUp++ === 0) {
      this.#options.log.error(`A call was given up: ${reason}; see capstan_tapes_given_up_total for more`);
    }
    this.#options.metrics.givenUp.inc({ reason });
  }

  #schedule(): void {
    if (this.#closed || this.#retrying || this.#retryTimer !== undefined || this.#buffer.size === 0) return;
    this.#retryTimer = setTimeout(() => this.#retry(), this.#delayMs * (0.75 + Math.random() / 2));
    this.#delayMs = Math.min(this.#delayMs * 2, this.#options.retryMaxMs ?? 5_000);
  }

  /** Stores what is kept, oldest first, as long as the store takes it. Never rejects. */
  async #retry(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (this.#retrying || this.#closed) return;
    this.#retrying = true;
    let taken = true;
    while (taken && this.#buffer.size > 0 && !this.#closed) taken = await this.#retryOnce();
    this.#retrying = false;
    this.#recover();
    this.#schedule();
    this.#wake();
  }

  async #retryOnce(): Promise<boolean> {
    // While nothing is known to go through, one call finds out.
    const calls = this.#buffer.peek(this.#delayMs === (this.#options.retryMs ?? 50) ? retryBatch : 1);
    const results = await Promise.allSettled(
      calls.map((call) => this.#store(call)),
    );
    if (this.#closed) return false;
    const done = new Set<KeptCall>();
    results.forEach((result, at) => {
      const call = calls[at]!;
      if (result.status === "fulfilled") this.#options.metrics.accounted.inc({ outcome: call.outcome });
      else if (isHopeless(result.reason)) this.#giveUp("constraint");
      else return;
      done.add(call);
    });
    this.#buffer.remove(done);
    if (done.size > 0) this.#delayMs = this.#options.retryMs ?? 50;
    return done.size === calls.length;
  }

  #wake(): void {
    if (this.#waiters.size === 0) return;
    for (const done of [...this.#waiters]) done();
  }
}

/** The row says what the client got, which is not the answer. */
function blocked(call: KeptCall, reason: string): KeptCall {
  const { meta, request, response } = decodeCall(call.value);
  if (meta.outcome !== "complete") return { ...call, value: call.value.slice() };
  const error = `the answer was withheld, because the call could not be stored: ${reason}`;
  return {
    value: encodeCall({ ...meta, outcome: "blocked", error }, [request], [response]),
    outcome: "blocked",
  };
}

function failureOf(error: unknown): AppendFailure["failure"] | undefined {
  if (!(error instanceof Error) || error.name !== "StoreError" || !("failure" in error)) return undefined;
  return error.failure as AppendFailure["failure"];
}

/** Trying again can't help. */
function isHopeless(error: unknown): boolean {
  return failureOf(error) === "constraint";
}

function reasonOf(error: unknown): string {
  const failure = failureOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return failure ? `${message} (${failure})` : message;
}
