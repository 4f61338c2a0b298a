import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createNetServer, type Socket } from "node:net";
import { Buffer } from "node:buffer";
import { Proxy } from "../../../../plugins/tapes/proxy/proxy.ts";
import type { Settings } from "../../../../plugins/tapes/settings.ts";
import { FakeContext } from "./fake_context.ts";

/** The settings' defaults, with `changes`. */
export function settingsWith(changes: Partial<Settings>): Settings {
  return {
    provider: "openai",
    listen: "127.0.0.1:0",
    providers: {},
    upstream_timeout: 600_000,
    durability: "before-response",
    on_storage_failure: "forward",
    commit_timeout: 2_000,
    retry_memory: 64 * 2 ** 20,
    capture_limit: 64 * 2 ** 20,
    capture_memory: 256 * 2 ** 20,
    trusted_proxies: [],
    keep_calls: 0,
    ...changes,
  };
}

/** A proxy on a fake agent. */
export class ProxyFixture implements AsyncDisposable {
  readonly ctx = new FakeContext();
  readonly proxy: Proxy;

  private constructor(settings: Settings) {
    this.proxy = new Proxy(this.ctx, settings);
  }

  static async start(changes: Partial<Settings>, project?: string): Promise<ProxyFixture> {
    const fixture = new ProxyFixture(settingsWith(changes));
    await fixture.proxy.open(project);
    await fixture.ctx.listen();
    return fixture;
  }

  get origin(): string {
    return this.ctx.origin();
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.close();
    await this.ctx.close();
  }
}

/** An upstream of node:http on a free port. */
export class HttpStandIn implements AsyncDisposable {
  #server: ReturnType<typeof createServer>;
  readonly sockets = new Set<Socket>();

  private constructor(handler: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#server = createServer(handler);
    this.#server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<HttpStandIn> {
    const upstream = new HttpStandIn(handler);
    await new Promise<void>((resolve) => upstream.#server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server.address())}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** An upstream of plain bytes on a free port: what a test says goes over the wire as it is. */
export class RawStandIn implements AsyncDisposable {
  #server: ReturnType<typeof createNetServer>;
  readonly sockets = new Set<Socket>();

  private constructor(handler: (socket: Socket) => void) {
    this.#server = createNetServer((socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
      socket.on("error", () => {});
      socket.setNoDelay(true);
      handler(socket);
    });
  }

  static async start(handler: (socket: Socket) => void): Promise<RawStandIn> {
    const upstream = new RawStandIn(handler);
    await new Promise<void>((resolve) => upstream.#server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  /** Answers every request (of one packet) with the same bytes; keeps what it received. */
  static async answering(answer: string | Uint8Array): Promise<{ upstream: RawStandIn; received: string[] }> {
    const received: string[] = [];
    const bytes = typeof answer === "string" ? Buffer.from(answer, "latin1") : answer;
    const upstream = await RawStandIn.start((socket) =>
      socket.on("data", (part: Buffer) => {
        received.push(part.toString("latin1"));
        socket.write(bytes);
      })
    );
    return { upstream, received };
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#server.address())}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** A client of plain bytes. */
export class RawClient implements Disposable {
  /** Everything received, one character a byte. */
  received = "";
  /** The server has closed: `end` in order, `error` by a reset. */
  closed: "end" | "error" | undefined;
  readonly socket: Socket;
  #watchers: (() => void)[] = [];

  private constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (part: Buffer) => {
      this.received += part.toString("latin1");
      this.#wake();
    });
    this.socket.on("error", () => this.#close("error"));
    this.socket.on("end", () => this.#close("end"));
    this.socket.on("close", () => this.#close("end"));
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await new Promise((resolve) => client.socket.once("connect", resolve));
    return client;
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Resolves when what was received holds `text`, with all of it. Rejects if the server closes first. */
  async until(text: string): Promise<string> {
    while (!this.received.includes(text)) {
      if (this.closed) {
        throw new Error(`closed before ${JSON.stringify(text)}: ${JSON.stringify(this.received)}`);
      }
      await this.#change();
    }
    return this.received;
  }

  /** Resolves when the server has closed, with all that was received. */
  async untilClosed(): Promise<string> {
    while (!this.closed) await this.#change();
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #close(how: "end" | "error"): void {
    this.closed ??= how;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake();
  }
}

function portOf(address: unknown): number {
  if (typeof address === "object" && address !== null && "port" in address) return Number(address.port);
  throw new Error("not listening");
}
