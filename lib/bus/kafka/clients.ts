import type { Admin, Base, ClusterMetadata } from "@platformatic/kafka";
import { KafkaError, kafkaError } from "./error.ts";
import { type ConnectionSettings, connectionSettings, type KafkaSettings } from "./settings.ts";

/** The library. It costs 0.3 s, so it is loaded when the first broker is wanted. */
export type KafkaLibrary = typeof import("@platformatic/kafka");

/** Loads the library once, keeps the settings all clients share, and one admin client. */
export class KafkaClients {
  readonly #settings: KafkaSettings;
  #opening: Promise<{ library: KafkaLibrary; connection: ConnectionSettings }> | undefined;
  #admin: Promise<Admin> | undefined;
  #closed = false;

  /** Connects nothing yet. */
  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /**
   * The library and the options every client starts from.
   * @throws {TypeError} settings contradict each other.
   */
  open(): Promise<{ library: KafkaLibrary; connection: ConnectionSettings }> {
    if (this.#closed) return Promise.reject(closedError());
    this.#opening ??= this.#load();
    return this.#opening;
  }

  /** The client for metadata, topics and groups. It tries once, so that a failure is known at once. */
  admin(): Promise<Admin> {
    if (this.#closed) return Promise.reject(closedError());
    this.#admin ??= this.#openAdmin();
    return this.#admin;
  }

  /**
   * Fresh metadata of topics; all must exist.
   * @throws {KafkaError} a topic does not, or no broker answers.
   */
  async metadata(action: string, topics: readonly string[]): Promise<ClusterMetadata> {
    const admin = await this.admin();
    try {
      return await admin.metadata({ topics: [...topics], forceUpdate: true });
    } catch (cause) {
      throw kafkaError(action, cause);
    }
  }

  /** Ends the admin client. Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    const opening = this.#admin;
    this.#admin = undefined;
    if (opening === undefined) return;
    const admin = await opening.catch(() => undefined);
    if (admin !== undefined) await endClient(admin, admin.close());
  }

  async #load() {
    try {
      const [library, connection] = await Promise.all([
        import("@platformatic/kafka"),
        connectionSettings(this.#settings),
      ]);
      return { library, connection };
    } catch (cause) {
      // A missing file may be there the next time.
      this.#opening = undefined;
      throw cause;
    }
  }

  async #openAdmin(): Promise<Admin> {
    try {
      const { library, connection } = await this.open();
      return new library.Admin({ ...connection, retries: 0 });
    } catch (cause) {
      this.#admin = undefined;
      throw cause;
    }
  }
}

/** Milliseconds a client may take to say good-bye before its sockets are cut. */
const GOODBYE_MS = 3_000;

/**
 * Waits for a client's own `close`, then cuts what it left open: connections still being made keep a process alive
 * otherwise.
 */
export async function endClient(client: Base, closing: Promise<void>): Promise<void> {
  const sockets = [...client.connections].map(([, connection]) => connection.socket);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, GOODBYE_MS));
  // A broker that is gone cannot be said good-bye to; the client is closed all the same.
  await Promise.race([closing.catch(() => undefined), late]);
  clearTimeout(timer);
  for (const [, connection] of client.connections) sockets.push(connection.socket);
  for (const socket of sockets) socket?.destroy();
}

/** What calls of a closed driver reject with. */
export function closedError(): KafkaError {
  return new KafkaError("closed", "Cannot use the Kafka bus: it is closed", false);
}
