import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { listenError } from "./listen_error.ts";
import { formatAddress, parseListenAddress } from "./listen_address.ts";

/** Who answers a listener's requests. */
export interface HttpTarget {
  /** Called for each request. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Called for each upgrade; without it upgrades are refused. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** Which upgrades `upgrade` gets; `handler` gets the others as plain requests. Default: all. */
  shouldUpgrade?(request: IncomingMessage): boolean;
}

/** What a listener serves. */
export interface HttpServerOptions extends HttpTarget {
  /** For messages: `proxy`. */
  name: string;
  /** `host:port`, `:port` or `[v6]:port`. */
  listen: string;
  /** The setting that holds the address, for messages: `plugins.tapes.listen`. */
  setting?: string;
  /** What a client did wrong before a request stood, and what a handler threw. */
  onError?(error: unknown): void;
}

/** An option of node:http that its types do not know yet. */
interface UpgradeOptions extends ServerOptions {
  shouldUpgradeCallback?(request: IncomingMessage): boolean;
}

const KEEP_ALIVE_MS = 75_000;

/** A listener of node:http that can be closed, or given to another target, without cutting calls off. */
export class HttpServer {
  readonly name: string;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Requests under way on a connection; an upgraded one counts until it ends. */
  readonly #busy = new Map<Duplex, number>();
  /** Requests by who answers them: what cuts each off. */
  readonly #answering = new Map<HttpTarget, Set<() => void>>();
  #target: HttpTarget;
  /** Requests that wait for the next target. */
  #held: (() => void)[] | undefined;
  #wake = Promise.withResolvers<void>();
  #closing = false;
  #origin: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: HttpServerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#target = options;
    const { upgrade } = options;
    const accepting: UpgradeOptions = upgrade
      ? { shouldUpgradeCallback: (request) => this.#target.shouldUpgrade?.(request) ?? true }
      : {};
    this.#server = createServer({
      ...accepting,
      keepAlive: true,
      noDelay: true,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 60_000,
      // A request may last as long as the model talks.
      requestTimeout: 0,
      maxHeaderSize: 64 * 1024,
    }, (request, response) => this.#serve(request, response));
    this.#server.timeout = 0;
    this.#server.maxRequestsPerSocket = 0;
    this.#server.on("connection", (socket) => this.#track(socket));
    if (upgrade) {
      this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    }
    this.#server.on("clientError", (error, socket) => {
      options.onError?.(error);
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      else socket.destroy();
    });
  }

  /** `http://127.0.0.1:8080` once listening; an address of every interface reads as loopback. */
  get origin(): string | undefined {
    return this.#origin;
  }

  /** Who answers. */
  get target(): HttpTarget {
    return this.#target;
  }

  /** Lets requests that come now wait for the next target; those under way go on. */
  hold(): void {
    this.#held ??= [];
  }

  /**
   * Gives what comes from now on, and what waits, to another target. Connections stay; requests under way end with
   * the target they began with. Whether upgrades are taken can't change.
   */
  serve(target: HttpTarget): void {
    this.#target = target;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const answer of held) answer();
  }

  /** Resolves when a target answers no request any more; when `signal` aborts, what is left is cut off. */
  async settled(target: HttpTarget, signal: AbortSignal): Promise<void> {
    const under = this.#answering.get(target);
    if (under === undefined) return;
    const cut = () => {
      for (const each of [...under]) each();
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    while (under.size > 0) await this.#wake.promise;
    signal.removeEventListener("abort", cut);
    if (target !== this.#target) this.#answering.delete(target);
  }

  /** Connections that serve a request now. */
  get active(): number {
    return this.#busy.size;
  }

  /**
   * Opens the port.
   * @throws {Error} the address is taken, not this machine's, or not allowed; it says which setting to change.
   */
  async listen(): Promise<void> {
    const { host, port } = parseListenAddress(this.#options.listen);
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: Error) => reject(listenError(this.#options, cause));
      this.#server.once("error", failed);
      this.#server.listen({ port, ...(host !== undefined && { host }) }, () => {
        this.#server.off("error", failed);
        this.#server.on("error", (error) => this.#options.onError?.(error));
        resolve();
      });
    });
    const address = this.#server.address();
    if (isAddressInfo(address)) {
      const reached = host === undefined || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
      this.#origin = `http://${formatAddress(reached, address.port)}`;
    }
  }

  /** Takes no new connection, closes idle ones, and lets requests under way go on. Safe unstarted and twice. */
  refuseNew(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#closed = this.#server.listening
      ? new Promise((resolve) => this.#server.close(() => resolve()))
      : Promise.resolve();
    for (const socket of this.#sockets) if (!this.#busy.has(socket)) socket.destroy();
  }

  /** Resolves when the last connection is gone; when `signal` aborts, what is left is cut off. */
  async close(signal?: AbortSignal): Promise<void> {
    this.refuseNew();
    const cut = () => {
      for (const socket of this.#sockets) socket.destroy();
    };
    if (signal?.aborted) cut();
    signal?.addEventListener("abort", cut, { once: true });
    await this.#closed;
    signal?.removeEventListener("abort", cut);
    this.#origin = undefined;
  }

  #track(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#busy.delete(socket);
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    if (this.#closing) response.setHeader("Connection", "close");
    response.once("close", () => this.#done(socket));
    this.#whenServed(response, () => {
      this.#begin(response, () => response.destroy());
      try {
        this.#target.handler(request, response);
      } catch (error) {
        this.#options.onError?.(error);
        if (response.headersSent) response.destroy();
        else response.writeHead(500, { "content-type": "text/plain" }).end("Internal error\n");
      }
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
    // The listener for errors is gone after an upgrade; without one a reset would end the process.
    socket.on("error", () => socket.destroy());
    this.#whenServed(socket, () => {
      this.#begin(socket, () => socket.destroy());
      try {
        this.#target.upgrade?.(request, socket, head);
      } catch (error) {
        this.#options.onError?.(error);
        socket.destroy();
      }
    });
  }

  /** Now, or with the next target where requests wait; never where the client has gone meanwhile. */
  #whenServed(end: ServerResponse | Duplex, answer: () => void): void {
    if (!this.#held) return answer();
    this.#held.push(() => {
      if (!end.destroyed) answer();
    });
  }

  /** Counts a request to the target that answers it, until its end closes. */
  #begin(end: ServerResponse | Duplex, cut: () => void): void {
    const under = this.#answering.get(this.#target) ?? new Set();
    this.#answering.set(this.#target, under.add(cut));
    end.once("close", () => {
      under.delete(cut);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
  }

  #done(socket: Socket): void {
    const left = (this.#busy.get(socket) ?? 1) - 1;
    if (left > 0) {
      this.#busy.set(socket, left);
      return;
    }
    this.#busy.delete(socket);
    if (this.#closing) socket.end(() => socket.destroy());
  }
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
