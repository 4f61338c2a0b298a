import type { Buffer } from "node:buffer";
import type { API, APIWithCallback, Callback, ConsumerOptions } from "@platformatic/kafka";
import type { KafkaLibrary } from "./clients.ts";
import type { BytesConsumer } from "./fetcher.ts";

/** Where a fetch's arguments have the isolation level: behind the time to wait and two sizes. */
const ISOLATION = 3;
const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/**
 * A consumer whose fetches are read_committed for the broker and not for the library, which drops too much: it knows one
 * aborted transaction of a producer for each answer, and takes everything up to the last end of one for aborted,
 * committed transactions between two aborted ones among them. `committedRecords` leaves out what was aborted.
 */
export function fetchingConsumer(
  library: KafkaLibrary,
  options: ConsumerOptions<Buffer, Buffer, Buffer, Buffer>,
): BytesConsumer {
  class FetchingConsumer extends library.Consumer<Buffer, Buffer, Buffer, Buffer> {
    override [library.kGetApi]<A extends unknown[], R>(name: string, callback: Callback<API<A, R>>): void {
      super[library.kGetApi]<A, R>(name, (error, api) => {
        if (error || api === undefined || name !== "Fetch") callback(error, api);
        else callback(null, readingCommitted(api));
      });
    }
  }
  return new FetchingConsumer({ ...options, isolationLevel: READ_UNCOMMITTED });
}

function readingCommitted<A extends unknown[], R>(api: API<A, R>): API<A, R> {
  const call: APIWithCallback<A, R> = (connection, ...args) => {
    Object.assign(args, { [ISOLATION]: READ_COMMITTED });
    api(connection, ...args);
  };
  return Object.assign(call, { async: api.async, key: api.key, version: api.version });
}
