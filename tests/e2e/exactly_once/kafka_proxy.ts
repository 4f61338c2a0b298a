/** Numbers of Kafka's requests. */
export const API = {
  produce: 0,
  offsetCommit: 8,
  initProducerId: 22,
  addOffsets: 25,
  endTxn: 26,
  txnOffsetCommit: 28,
} as const;

/** Bytes of a frame's length. */
const LENGTH = 4;

interface Rule {
  api: number;
  /** Whether the request reaches the broker. */
  forwarded: boolean;
  met(): void;
}

/** Between clients and a broker: reads which requests pass, and cuts connections at the chosen ones. */
export class KafkaProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #rules: Rule[] = [];
  readonly #serving: Promise<void>;
  readonly #running = new Set<Promise<void>>();

  /** Where the broker is; until that is known connections are cut. */
  #port: number | undefined;

  /** Forwards nothing yet. */
  constructor() {
    this.#serving = this.#serve();
  }

  /** Forwards to the broker that listens on `port` of loopback. */
  forwardTo(port: number): void {
    this.#port = port;
  }

  /** Where clients connect. */
  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** The broker does what the next such request asks, and its connection breaks before the answer. Resolves then. */
  loseAnswer(api: number): Promise<void> {
    return this.#rule(api, { forwarded: true });
  }

  /** The next such request does not reach the broker: its connection breaks. Resolves then. */
  loseRequest(api: number): Promise<void> {
    return this.#rule(api, { forwarded: false });
  }

  /** Cuts everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#serving;
    await Promise.all(this.#running);
  }

  #rule(api: number, how: { forwarded: boolean }): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#rules.push({ api, ...how, met: resolve });
    return promise;
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      const running = this.#connect(client).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  async #connect(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    let broker: Deno.TcpConn | undefined;
    try {
      if (this.#port === undefined) throw new Error("the broker is not known yet");
      broker = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
      this.#open.add(broker);
      const awaited = new Map<number, Rule>();
      await Promise.race([this.#requests(client, broker, awaited), this.#answers(broker, client, awaited)]);
    } catch {
      // The connection broke, on purpose or because a side has gone: both are cut.
    } finally {
      for (const each of [client, broker]) {
        if (!each) continue;
        this.#open.delete(each);
        close(each);
      }
    }
  }

  /** Requests begin with the API's number (2 bytes), its version (2) and a number for the answer (4). */
  async #requests(client: Deno.TcpConn, broker: Deno.TcpConn, awaited: Map<number, Rule>): Promise<void> {
    for await (const frame of frames(client)) {
      const view = new DataView(frame.buffer, frame.byteOffset);
      const at = this.#rules.findIndex(({ api }) => api === view.getInt16(LENGTH));
      const [rule] = at < 0 ? [] : this.#rules.splice(at, 1);
      if (rule && !rule.forwarded) return rule.met();
      if (rule) awaited.set(view.getInt32(LENGTH + 4), rule);
      await writeAll(broker, frame);
    }
  }

  async #answers(broker: Deno.TcpConn, client: Deno.TcpConn, awaited: Map<number, Rule>): Promise<void> {
    for await (const frame of frames(broker)) {
      const rule = awaited.get(new DataView(frame.buffer, frame.byteOffset).getInt32(LENGTH));
      if (rule) return rule.met();
      await writeAll(client, frame);
    }
  }
}

/** Whole frames with their length in front. */
async function* frames(connection: Deno.TcpConn): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(0);
  for await (const chunk of connection.readable) {
    const joined = new Uint8Array(held.length + chunk.length);
    joined.set(held);
    joined.set(chunk, held.length);
    held = joined;
    while (held.length >= LENGTH) {
      const size = LENGTH + new DataView(held.buffer, held.byteOffset).getInt32(0);
      if (held.length < size) break;
      yield held.subarray(0, size);
      held = held.subarray(size);
    }
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
