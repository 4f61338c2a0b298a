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
 * thirds of what a record costs. Requests for several partitions, and to brokers before 2.8, are encoded by the library.
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
    const [first] = messages;
    const together = messages.every(({ topic, partition }) =>
      topic === first?.topic && partition === first.partition
    );
    if (first === undefined || !together) {
      const { createRequest, createRequestAsync } = version;
      return (options.compression === "gzip" ? createRequestAsync : createRequest)(
        acks,
        timeout,
        messages,
        options,
      );
    }
    const { topic, partition = 0 } = first;
    const request = (batch: Buffer) =>
      produceRequest(library, { acks, timeout, topic, partition, batch, options });
    const batch = encodeBatch(library, messages, options);
    return batch instanceof Promise ? batch.then(request) : request(batch);
  };
  return library.createAPI<A, R>(
    api.key,
    api.version,
    createRequest,
    version.parseResponse as ResponseParser<R>,
  );
}

function produceRequest(
  { Writer }: KafkaLibrary,
  { acks, timeout, topic, partition, batch, options }: {
    acks: number;
    timeout: number;
    topic: string;
    partition: number;
    batch: Buffer;
    options: BatchOptions;
  },
): Writer {
  // Lists are preceded by their length and one.
  const one = 1 + 1;
  const writer = Writer.create()
    .appendString(options.transactionalId)
    .appendInt16(acks)
    .appendInt32(timeout)
    .appendUnsignedVarInt(one)
    .appendString(topic)
    .appendUnsignedVarInt(one)
    .appendInt32(partition)
    .appendUnsignedVarInt(batch.length + 1)
    .append(batch)
    .appendTaggedFields() // of the partition
    .appendTaggedFields() // of the topic
    .appendTaggedFields(); // of the request
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
