import type { Batch, HandlerFactory, Position, PublishRequest, StreamRecord, Transaction } from "capstan";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import type { Redaction } from "../../../../lib/bus/redaction.ts";
import { encodeRequest } from "../../../../lib/bus/encode.ts";
import { TopicCodecs } from "../../../../lib/bus/topic_codecs.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { type Call, CALLS_TOPIC, encodeCall } from "../../../../plugins/tapes/call.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import worker from "../../../../plugins/tapes/derive/worker.ts";
import { TAPES_MIGRATIONS } from "../../../../plugins/tapes/ledger/migrations.ts";

/** A call in a batch of its own turn. */
export type BatchOf = readonly Call[];

/** An event as it lies on the bus. */
export interface Event {
  key: string;
  value: string;
  headers: string[][];
}

/** What a deriver that runs on a real store and a real local log has done. */
export interface Harness extends AsyncDisposable {
  readonly store: Awaited<ReturnType<typeof openStore>>;
  readonly local: Awaited<ReturnType<typeof openLocalLog>>;
  /** Hands a batch to the deriver and commits what it gives, as a stream does. Failed records are returned. */
  derive(
    calls: BatchOf,
    wrap?: (tx: Transaction) => Transaction,
  ): Promise<{ record: Position; cause: unknown }[]>;
  /** The same with raw values. */
  deriveValues(
    values: readonly (Uint8Array | null)[],
    wrap?: (tx: Transaction) => Transaction,
  ): Promise<{ record: Position; cause: unknown }[]>;
  /** Rows of a table, in the order of their row ids. */
  rows<T>(table: string): T[];
  /** Events of a topic, by partition and offset. */
  events(topic: typeof NODES_TOPIC | typeof TURNS_TOPIC): Promise<Event[]>;
  /** Runs `write` and appends what it gives, in one transaction, as commands do. */
  commit(write: (tx: Transaction) => readonly PublishRequest[] | void): Promise<void>;
  /** What the deriver has counted, by name. */
  readonly counted: Readonly<Record<string, number>>;
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** Opens a harness on a temporary file, or on `file`. */
export async function openHarness(
  options: {
    file?: string;
    factory?: HandlerFactory;
    checkpoints?: "own" | "elsewhere";
    redact?: Redaction;
    /** The first commit of each batch is taken back, and tried again. */
    takesBack?: boolean;
  } = {},
): Promise<Harness> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-derive-" });
  const store = await openStore({
    file: options.file ?? `${folder}/capstan.sqlite`,
    checkpoints: options.checkpoints,
  });
  const local = await openLocalLog(store);
  await local.topics.apply([
    { name: CALLS_TOPIC, partitions: 1, localOnly: true },
    { name: NODES_TOPIC, partitions: 6 },
    { name: TURNS_TOPIC, partitions: 6 },
  ]);
  await store.migrate("tapes", TAPES_MIGRATIONS);
  const counted: Record<string, number> = {};
  const handler = await (options.factory ?? worker)({
    log: silent,
    redact: options.redact ?? NO_REDACTION,
    now: () => Date.now(),
    counter: ({ name }) => ({ inc: (_labels, by = 1) => void (counted[name] = (counted[name] ?? 0) + by) }),
    read: (work) => store.read(work),
  }, undefined);
  let offset = 0;

  const encoding = { realName: (topic: string) => topic, codecs: new TopicCodecs([], options.redact) };
  async function commit(write: (tx: Transaction) => readonly PublishRequest[] | void): Promise<void> {
    await store.write((tx) => {
      const requests = write(tx) ?? [];
      local.append(tx, requests.map((request) => encodeRequest(request, encoding)));
    });
  }

  async function deriveValues(
    values: readonly (Uint8Array | null)[],
    wrap: (tx: Transaction) => Transaction = (tx) => tx,
  ) {
    const failed: { record: Position; cause: unknown }[] = [];
    if (values.length === 0) return failed;
    const records = values.map((value): StreamRecord => ({
      topic: CALLS_TOPIC,
      partition: 0,
      offset: offset++,
      key: null,
      keyText: null,
      value,
      data: value,
      headers: [],
      timestamp: 0,
    }));
    const batch: Batch = {
      topic: CALLS_TOPIC,
      partition: 0,
      records,
      signal: new AbortController().signal,
      fail: (record, cause) => failed.push({ record, cause }),
    };
    const result = await handler(batch);
    if (typeof result !== "object" || result === null || !("write" in result)) {
      throw new TypeError("no write");
    }
    if (options.takesBack) {
      const undone = new Error("taken back");
      const first = store.write((tx) => {
        result.write?.(wrap(tx));
        throw undone;
      });
      await first.catch((error) => {
        if (error !== undone && error?.cause !== undone) throw error;
      });
    }
    await commit((tx) => result.write?.(wrap(tx)));
    return failed;
  }

  return {
    store,
    local,
    counted,
    commit,
    deriveValues,
    derive: (calls, wrap) =>
      deriveValues(
        calls.map(({ meta, request, response }) => {
          const value = encodeCall(meta, [request], [response]);
          return options.redact?.seal(value) ?? value;
        }),
        wrap,
      ),
    rows: <T>(table: string) => store.read((db) => db.all<T>(`SELECT * FROM ${table} ORDER BY rowid`)),
    async events(topic) {
      const [description] = await local.topics.describe([topic]);
      const decoder = new TextDecoder();
      return (description?.partitions ?? []).flatMap(({ partition, startOffset }) =>
        store.read((db) => local.readFrom(db, { topic, partition, offset: startOffset }, 100_000, 1e9)).map((
          record,
        ) => ({
          key: decoder.decode(record.key ?? new Uint8Array()),
          value: decoder.decode(record.value ?? new Uint8Array()),
          headers: record.headers.map(([name, each]) => [name, decoder.decode(each)]),
        }))
      );
    },
    async [Symbol.asyncDispose]() {
      await local.close();
      await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
