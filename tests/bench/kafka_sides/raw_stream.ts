import { Consumer, type Message, type MessagesStream } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";

/** The raw client's stream of messages. */
export type RawStream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;
/** One message of it. */
export type RawMessage = Message<Buffer, Buffer, Buffer, Buffer>;

/** A consumer of a group of its own and its stream from the start, bounded as suits this client best. */
export async function rawStream(bootstrap: string, topic: string) {
  const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "bench-raw",
    bootstrapBrokers: [bootstrap],
    groupId: `bench-${crypto.randomUUID()}`,
    autocommit: false,
    // The default of 50 MB makes it slower, and unbounded.
    maxBytes: 1_048_576,
    highWaterMark: 500,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest" });
  return { consumer, stream };
}

/** Collects up to `max` messages that are there, waiting for the first. A `once` listener would stall. */
export class RawBatches {
  readonly #stream: RawStream;
  #wake: () => void = () => {};

  /** Reads from `stream`; nobody else may. */
  constructor(stream: RawStream) {
    this.#stream = stream;
    stream.on("readable", () => this.#wake());
  }

  /** At least one message. */
  async next(max: number): Promise<RawMessage[]> {
    for (;;) {
      const messages: RawMessage[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      while (messages.length < max) {
        const message: RawMessage | null = this.#stream.read();
        if (message === null) break;
        messages.push(message);
      }
      if (messages.length > 0) return messages;
      await promise;
    }
  }
}
