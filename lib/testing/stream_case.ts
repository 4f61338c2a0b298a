import { systemClock } from "../bus/clock.ts";
import type { BusRecord, Subscription } from "../bus/contract.ts";
import type { Batch, StreamHandler, StreamOptions, TopicValues } from "../bus/handler.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../bus/stream/fences.ts";
import { withRowStore } from "../bus/stream/rows_first.ts";
import { Stream } from "../bus/stream/stream.ts";
import { TopicCodecs, topicCodecs } from "../bus/topic_codecs.ts";
import { TopicNames } from "../bus/topic_names.ts";
import { DeferredStream } from "../plugin/deferred_stream.ts";
import { streamSpec } from "../plugin/stream_plan.ts";
import type { Store, Transaction } from "../store/contract.ts";
import { StoreError } from "../store/error.ts";
import { openStore } from "../store/open_store.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import { createMeter, type RootMeter } from "../telemetry/meter.ts";
import { BusBench, type DriverUnderTest, uniqueName } from "./bus_case.ts";

/** One sentence about streams and what shows it. */
export interface StreamCase {
  /** What holds. */
  name: string;
  /** Throws where it does not hold. */
  run(bench: StreamBench): Promise<void>;
}

/** A driver, and the store that rows of handlers lie in; on the local log the log's own. */
export interface StreamsUnderTest extends DriverUnderTest {
  /** Fresh, or with no tables the suite would touch. */
  store: Store;
}

/** Milliseconds between attempts, so that no case waits long. */
const RETRY = { baseMs: 1, maxMs: 4 };
/** Bytes one read takes at most. */
const READ_BYTES = 16_000_000;

/** What a case works with: streams over a driver, beside the helpers of the bus suite. */
export class StreamBench extends BusBench {
  /** Where rows lie. */
  readonly store: Store;
  /** What streams count. */
  readonly meter: RootMeter = createMeter();
  /** What is in the topics, for streams started from then on. Default: JSON. */
  codecs = new TopicCodecs();
  readonly #running: Stream[] = [];
  readonly #cleanUp = new AsyncDisposableStack();

  /** Works with one driver and store, which nobody else uses. */
  constructor({ driver, store }: Pick<StreamsUnderTest, "driver" | "store">, deadlineMs: number) {
    super(driver, deadlineMs);
    this.store = store;
  }

  /** Makes the tables the cases use. */
  async prepare(): Promise<void> {
    await this.store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await this.store.migrate("stream-suite", [{
      version: 1,
      name: "rows",
      up: (tx) => void tx.run("CREATE TABLE suite_rows (partition INTEGER, value TEXT)"),
    }]);
  }

  /** Another agent on the same bus, with a file of its own. */
  async another(): Promise<StreamBench> {
    const folder = await Deno.makeTempDir();
    const store = await openStore({ file: `${folder}/rows.sqlite` });
    const bench = new StreamBench({ driver: this.driver, store }, this.deadlineMs);
    bench.#cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
    bench.#cleanUp.use(store);
    await bench.prepare();
    return bench;
  }

  /**
   * Runs a stream until its rows are stored and it is about to tell the bus, then ends it there as a crash would. On a
   * bus that stores both at once nothing is stored.
   */
  async crashBetween(options: StreamOptions, handler: StreamHandler): Promise<void> {
    const reached = Promise.withResolvers<void>();
    const restore = this.#replaceCommits(() => () => {
      reached.resolve();
      return new Promise(() => undefined);
    });
    const stream = this.start(options, handler);
    await reached.promise;
    await stream.stop(AbortSignal.abort());
    restore();
  }

  /** The next commits of streams that are started from now on fail, so many of them, as if the bus were busy. */
  refuseCommits(times: number): void {
    let left = times;
    this.#replaceCommits((commit) => async (share) => {
      if (left-- > 0) throw new StoreError("locked", "Cannot commit: the suite refuses it; try again");
      await commit(share);
    });
  }

  /** Holds back what is sent from now on, until it is released. */
  holdSends(): { readonly held: number; release(): void } {
    const { driver } = this;
    const send = driver.send.bind(driver);
    const { promise, resolve } = Promise.withResolvers<void>();
    const state = { held: 0, release: resolve };
    driver.send = async (records, options) => {
      state.held++;
      await promise;
      return await send(records, options);
    };
    return state;
  }

  #replaceCommits(replace: (commit: Subscription["commit"]) => Subscription["commit"]): () => void {
    const { driver } = this;
    const open = driver.open;
    driver.open = async (how) => {
      const subscription = await open.call(driver, how);
      if (how.group !== null) subscription.commit = replace(subscription.commit.bind(subscription));
      return subscription;
    };
    return () => driver.open = open;
  }

  /** Starts a stream as the agent does, with a group of its own unless `options` name one. */
  start(options: StreamOptions, handler: StreamHandler): Stream {
    const { driver, store, codecs } = this;
    const group = options.group ?? uniqueName("group");
    const names = new TopicNames([]);
    const name = `suite/${group}`;
    const registered = { plugin: "suite", name, group, options, handler, handle: new DeferredStream(name) };
    const { state } = options;
    const stream = new Stream({
      spec: streamSpec(registered, { names, inWorker: false }),
      driver: withRowStore(driver, store),
      handler,
      hooks: options,
      ...(state && {
        reset: (tx: Transaction, place: { topic: string; partition: number }) => state.reset(tx, place),
      }),
      realName: (topic) => names.real(topic),
      logicalName: (topic) => names.logical(topic),
      codecs,
      log: createLogger({ sink: () => undefined }),
      meter: this.meter,
      clock: systemClock,
      random: Math.random,
      retry: RETRY,
    });
    this.#running.push(stream);
    stream.start();
    return stream;
  }

  /** Says what is in a topic. */
  async declare(topic: string, values: TopicValues): Promise<void> {
    this.codecs = await topicCodecs([[topic, values]]);
  }

  /** A topic with its dead-letter topic, as the agent makes both. */
  async topicWithLetters(partitions = 1): Promise<string> {
    const name = await this.topic({ partitions });
    await this.topic({ name: `${name}.dlq` });
    return name;
  }

  /** Everything in a topic, of which there must be `count` records and no more. */
  async allOf(topic: string, count: number): Promise<BusRecord[]> {
    await using reader = await this.open({ group: null, topics: [topic] });
    const records = await this.receive(reader, count);
    const more = await nothing(reader);
    if (more !== null) throw new Error(`Cannot be right: more than ${count} records are in ${topic}`);
    return records;
  }

  /** Rows that handlers wrote, in the order they were written. */
  rows(): string[] {
    return this.store.read((db) => db.all<{ value: string }>("SELECT value FROM suite_rows ORDER BY rowid"))
      .map(({ value }) => value);
  }

  /** The sum of a metric over the streams of this bench; a histogram's is asked for with its suffix. */
  async counted(metric: string): Promise<number> {
    const lines = (await this.meter.text()).split("\n").filter((line) => line.startsWith(`${metric}{`));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  /** Waits until a group has handled everything. */
  async done(stream: Stream): Promise<void> {
    await stream.caughtUp(AbortSignal.timeout(this.deadlineMs));
  }

  /** Stops what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((stream) => stream.stop(AbortSignal.timeout(this.deadlineMs))));
    await this.#cleanUp.disposeAsync();
  }
}

/** The batch's values as texts. */
export function valuesOf(batch: Pick<Batch, "records">): string[] {
  return batch.records.map(({ value }) => new TextDecoder().decode(value ?? undefined));
}

/** A promise that a case settles, for handlers to wait on. */
export function gate(): { open(): void; opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}

async function nothing(reader: Subscription): Promise<unknown> {
  return await reader.receive({ max: 1, maxBytes: READ_BYTES, waitMs: 50 });
}
