import { Buffer } from "node:buffer";
import type {
  API,
  Callback,
  CompressionAlgorithmSpecification,
  CreateRecordsBatchOptions,
  MessageRecord,
  Producer,
  ProducerOptions,
  ResponseParser,
  Writer,
} from "@platformatic/kafka";
import type { KafkaLibrary } from "./clients.ts";
import { BATCH_HEADER_BYTES, encodeRecords, writeBatchHeader } from "./record_batch.ts";

type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;
type BatchOptions = Partial<CreateRecordsBatchOptions>;
type ProduceArguments = [
  acks: number | undefined,
  timeout: number | undefined,
  messages: MessageRecord[],
  options?: BatchOptions,
];

/** Requests from this version on have the form that is written here. */
const FIRST_VERSION = 9;
const PRODUCE_KEY = 0;
const NO_ACKS = 0;
const TRANSACTIONAL = 1 << 4;

/**
 * The library's producer with its sequences, retries and metadata, and an encoder of our own: the library's takes two
 * thirds of what a record costs, and writes wrong timestamps where they lie 25 days apart in one batch. Requests to brokers
 * before 2.8 are encoded by the library.
 */
export function fastProducer(
  library: KafkaLibrary,
  options: ProducerOptions<Buffer, Buffer, Buffer, Buffer>,
): BytesProducer {
  // The library makes its own once; making one takes as long as encoding a small request.
  const encoders = new WeakMap<object, unknown>();
  class FastProducer extends library.Producer<Buffer, Buffer, Buffer, Buffer> {
    override [library.kGetApi]<A extends unknown[], R>(name: string, callback: Callback<API<A, R>>): void {
      super[library.kGetApi]<A, R>(name, (error, api) => {
        if (error || api === undefined || api.key !== PRODUCE_KEY || api.version < FIRST_VERSION) {
          callback(error, api);
          return;
        }
        const known = encoders.get(api) as API<A, R> | undefined;
        const fast = known ?? withFastEncoder(library, api);
        if (known === undefined) encoders.set(api, fast);
        callback(null, fast);
      });
    }
  }
  return new FastProducer(options);
}

function withFastEncoder<A extends unknown[], R>(library: KafkaLibrary, api: API<A, R>): API<A, R> {
  const known: Readonly<Record<number, typeof library.produceV11 | typeof library.produceV9>> = {
    9: library.produceV9,
    10: library.produceV10,
    11: library.produceV11,
  };
  const version = known[api.version];
  if (version === undefined) return api;
  const createRequest = (...[acks = 1, timeout = 0, messages, options = {}]: ProduceArguments) => {
    const parts = byPartition(messages);
    const request = (batches: readonly Buffer[]) =>
      produceRequest(library, {
        acks,
        timeout,
        options,
        parts: parts.map(({ topic, partition }, at) => ({ topic, partition, batch: batches[at]! })),
      });
    const batches = parts.map((part) => encodeBatch(library, part.messages, options));
    return batches.every((batch): batch is Buffer => batch instanceof Buffer)
      ? request(batches)
      : Promise.all(batches).then(request);
  };
  return library.createAPI<A, R>(
    api.key,
    api.version,
    createRequest,
    version.parseResponse as ResponseParser<R>,
  );
}

interface PartitionMessages {
  topic: string;
  partition: number;
  messages: readonly MessageRecord[];
}

/** Messages by their partition; those of one topic stand together. Mostly all are of one. */
function byPartition(messages: readonly MessageRecord[]): PartitionMessages[] {
  const [first] = messages;
  if (first === undefined) return [];
  const { topic, partition = 0 } = first;
  if (messages.every((each) => each.topic === topic && each.partition === first.partition)) {
    return [{ topic, partition, messages }];
  }
  const topics = Map.groupBy(messages, (each) => each.topic);
  return [...topics].flatMap(([topic, list]) =>
    [...Map.groupBy(list, (each) => each.partition ?? 0)].map(([partition, messages]) => ({
      topic,
      partition,
      messages,
    }))
  );
}

function produceRequest(
  { Writer }: KafkaLibrary,
  { acks, timeout, parts, options }: {
    acks: number;
    timeout: number;
    /** Those of one topic stand together. */
    parts: readonly { topic: string; partition: number; batch: Buffer }[];
    options: BatchOptions;
  },
): Writer {
  const topics = Map.groupBy(parts, ({ topic }) => topic);
  // Lists are preceded by their length and one.
  const writer = Writer.create()
    .appendString(options.transactionalId)
    .appendInt16(acks)
    .appendInt32(timeout)
    .appendUnsignedVarInt(topics.size + 1);
  for (const [topic, list] of topics) {
    writer.appendString(topic).appendUnsignedVarInt(list.length + 1);
    for (const { partition, batch } of list) {
      writer.appendInt32(partition)
        .appendUnsignedVarInt(batch.length + 1)
        .append(batch)
        .appendTaggedFields(); // of the partition
    }
    writer.appendTaggedFields(); // of the topic
  }
  writer.appendTaggedFields(); // of the request
  if (acks === NO_ACKS) writer.context.noResponse = true;
  return writer;
}

/** The batch of these messages, as the library's own `createRecordsBatch` gives it. */
export function encodeBatch(
  library: KafkaLibrary,
  messages: readonly MessageRecord[],
  options: BatchOptions,
): Buffer | Promise<Buffer> {
  const [first] = messages;
  const { compression = "none" } = options;
  const codec: CompressionAlgorithmSpecification | undefined = compression === "none"
    ? undefined
    : library.compressionsAlgorithms[compression];
  const records = encodeRecords(messages, BigInt(Date.now()), codec === undefined ? BATCH_HEADER_BYTES : 0);
  const header = {
    attributes: (codec?.bitmask ?? 0) | (options.transactionalId ? TRANSACTIONAL : 0),
    producerId: options.producerId ?? -1n,
    producerEpoch: options.producerEpoch ?? 0,
    firstSequence: options.sequences?.getWithDefault(`${first?.topic}:${first?.partition}`, 0) ?? 0,
  };
  const finish = (batch: Buffer): Buffer => {
    writeBatchHeader(
      batch,
      records,
      header,
      (bytes) => library.crc32c(library.Writer.create().append(bytes).dynamicBuffer),
    );
    return batch;
  };
  if (codec === undefined) return finish(records.bytes);
  const compressed = codec.compress?.(records.bytes) ?? codec.compressSync(records.bytes);
  const framed = (bytes: Buffer) => finish(Buffer.concat([Buffer.allocUnsafe(BATCH_HEADER_BYTES), bytes]));
  return compressed instanceof Promise ? compressed.then(framed) : framed(compressed);
}
