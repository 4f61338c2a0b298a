import { Buffer } from "node:buffer";
import type { Message, Producer } from "@platformatic/kafka";
import { endClient, type KafkaClients } from "./clients.ts";
import { fastProducer } from "./fast_producer.ts";
import type { BytesConsumer } from "./fetcher.ts";
import type { Generation } from "./member.ts";
import type { ListedOffset } from "./offsets.ts";
import { retryDelay } from "../stream/retry.ts";

type Client = Producer<Buffer, Buffer, Buffer, Buffer>;

/** A transaction under way. */
export type BytesTransaction = Awaited<ReturnType<Client["beginTransaction"]>>;

/**
 * Milliseconds a transaction may take; the cluster aborts longer ones. No handler runs in it, sends alone. Until then
 * readers, and who takes over from a process that was killed, wait for one that was left open.
 */
const TRANSACTION_MS = 10_000;
/** The previous transaction's end is asked about so often; the default of 1 s makes one transaction a second. */
const RETRY = { baseMs: 5, maxMs: 250 };
/** Attempts of one request: about as long as a transaction may take. */
const RETRIES = 60;
/** The first so many attempts come at `baseMs`. */
const EAGER = 10;

/** A transactional producer that is made anew after a failure, under the same id: so its last transaction is ended. */
export class TransactionalProducer {
  readonly #clients: KafkaClients;
  readonly #id: string;
  #client: Promise<Client> | undefined;

  /** Connects nothing yet. `id` must be nobody else's. */
  constructor(clients: KafkaClients, id: string) {
    this.#clients = clients;
    this.#id = id;
  }

  /** Begins a transaction. The first of a new producer resolves when the id's former one is committed or aborted. */
  async begin(): Promise<BytesTransaction> {
    this.#client ??= this.#make();
    return await (await this.#client).beginTransaction({});
  }

  /** Ends the client; a transaction under way is ended by the next one, or by the cluster. */
  async close(): Promise<void> {
    const current = this.#client;
    this.#client = undefined;
    const client = await current?.catch(() => undefined);
    if (client !== undefined) await endClient(client, client.close());
  }

  async #make(): Promise<Client> {
    const { library, connection } = await this.#clients.open();
    return fastProducer(library, {
      ...connection,
      // Its check of each message refuses tombstones.
      strict: false,
      idempotent: true,
      transactionalId: this.#id,
      // Without these a used id is refused as fenced.
      producerId: -1n,
      producerEpoch: -1,
      timeout: TRANSACTION_MS,
      retries: RETRIES,
      retryDelay: (_client, _operation, attempt) =>
        attempt <= EAGER ? RETRY.baseMs : retryDelay(attempt - EAGER, RETRY, Math.random),
    });
  }
}

const NOTHING = Buffer.alloc(0);

/**
 * Where a group goes on, as `addOffset` wants it: the last record handled, of which it reads no more than its place and
 * its reader. `as` is who handled it: the client's own generation may be one whose shares are not known yet.
 */
export function lastHandled(
  { topic, partition, offset }: ListedOffset,
  as: Generation,
  { groupId, coordinatorId }: Pick<BytesConsumer, "groupId" | "coordinatorId">,
): Message {
  return {
    topic,
    partition,
    // The library adds one.
    offset: BigInt(offset) - 1n,
    metadata: { consumer: { groupId, generationId: as.number, memberId: as.member, coordinatorId } },
    key: NOTHING,
    value: NOTHING,
    headers: new Map(),
    headerEntries: [],
    timestamp: 0n,
    leaderEpoch: -1,
    commit: () => undefined,
    toJSON: () => ({
      key: NOTHING,
      value: NOTHING,
      headers: [],
      topic,
      partition,
      timestamp: "0",
      offset: "0",
      leaderEpoch: -1,
      metadata: {},
    }),
  };
}
