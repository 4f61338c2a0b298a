import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { HttpTarget, ListenerOptions, PluginListener } from "./http_target.ts";
import { IdleConnections, type IdleOptions } from "./idle_connections.ts";
import { keptAlive } from "./kept_alive.ts";
import { listenError } from "./listen_error.ts";
import { formatAddress, parseListenAddress } from "./listen_address.ts";

/** What a listener of node:http serves. */
export type HttpServerOptions = ListenerOptions;

/** An option of node:http that its types do not know yet. */
interface UpgradeOptions extends ServerOptions {
  shouldUpgradeCallback?(request: IncomingMessage): boolean;
}

const IDLE: IdleOptions = { idleMs: 75_000, everyMs: 5_000 };

/** A request that a target answers. */
interface Answering {
  readonly by: Answered;
  /** Cuts it off. */
  cut(): void;
}

/** How many requests a target answers now. */
interface Answered {
  requests: number;
}

/** What is under way on a connection. */
interface UnderWay {
  /** Requests under way; an upgraded one counts until it ends. */
  requests: number;
  /** Those of them that a target answers. */
  readonly answering: Answering[];
}

/** An open connection. */
interface Connection extends UnderWay {
  readonly socket: Socket;
}

/** A listener of node:http that can be closed, or given to another target, without cutting calls off. */
export class HttpServer implements PluginListener {
  readonly name: string;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #connections = new Map<Duplex, Connection>();
  readonly #idle: IdleConnections;
  /** Those that serve a request now. */
  #busy = 0;
  readonly #answered = new Map<HttpTarget, Answered>();
  #target: HttpTarget;
  /** Requests that wait for the next target. */
  #held: (() => void)[] | undefined;
  /** Resolves when a target answers no request any more. */
  #quiet: PromiseWithResolvers<void> | undefined;
  #closing = false;
  #origin: string | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: HttpServerOptions, idle: IdleOptions = IDLE) {
    this.name = options.name;
    this.#options = options;
    this.#target = options;
    this.#idle = new IdleConnections(() => this.#connections.values(), idle);
    const { upgrade } = options;
    const accepting: UpgradeOptions = upgrade
      ? { shouldUpgradeCallback: (request) => this.#target.shouldUpgrade?.(request) ?? true }
      : {};
    this.#server = createServer({
      ...accepting,
      keepAlive: true,
      noDelay: true,
      // See `IdleConnections`, and `keptAlive` for what it makes node:http tell the client.
      keepAliveTimeout: 0,
      ServerResponse: keptAlive(idle.idleMs / 1000),
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
    const answered = this.#answered.get(target);
    if (answered === undefined) return;
    const cut = () => {
      for (const { answering } of [...this.#connections.values()]) {
        for (const each of [...answering]) if (each.by === answered) each.cut();
      }
    };
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    while (answered.requests > 0) await (this.#quiet ??= Promise.withResolvers()).promise;
    signal.removeEventListener("abort", cut);
    if (target !== this.#target) this.#answered.delete(target);
  }

  /** Connections that serve a request now. */
  get active(): number {
    return this.#busy;
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
        this.#idle.start();
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
    this.#idle.stop();
    this.#closed = this.#server.listening
      ? new Promise((resolve) => this.#server.close(() => resolve()))
      : Promise.resolve();
    for (const [socket, { requests }] of this.#connections) if (requests === 0) socket.destroy();
  }

  /** Resolves when the last connection is gone; when `signal` aborts, what is left is cut off. */
  async close(signal?: AbortSignal): Promise<void> {
    this.refuseNew();
    const cut = () => {
      for (const socket of this.#connections.keys()) socket.destroy();
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
    const connection: Connection = { socket, requests: 0, answering: [] };
    this.#connections.set(socket, connection);
    socket.once("close", () => {
      this.#connections.delete(socket);
      if (connection.requests > 0) this.#busy--;
      connection.requests = 0;
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#closing) response.setHeader("Connection", "close");
    const { socket } = request;
    this.#answer(socket, response, (target) => {
      try {
        target.handler(request, response);
      } catch (error) {
        this.#options.onError?.(error);
        if (response.headersSent) response.destroy();
        else response.writeHead(500, { "content-type": "text/plain" }).end("Internal error\n");
      }
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    // The listener for errors is gone after an upgrade; without one a reset would end the process.
    socket.on("error", () => socket.destroy());
    this.#answer(socket, socket, (target) => {
      try {
        target.upgrade?.(request, socket, head);
      } catch (error) {
        this.#options.onError?.(error);
        socket.destroy();
      }
    });
  }

  /**
   * Has the target answer: now, or the next one where requests wait, and then not where the client has gone meanwhile.
   * The request is under way until `end` closes.
   */
  #answer(socket: Duplex, end: ServerResponse | Duplex, answer: (by: HttpTarget) => void): void {
    const connection: UnderWay = this.#connections.get(socket) ?? { requests: 0, answering: [] };
    if (connection.requests++ === 0) this.#busy++;
    let answering: Answering | undefined;
    end.once("close", () => {
      if (answering) this.#answeredOne(connection, answering);
      this.#done(socket, connection);
    });
    const begin = () => {
      const target = this.#target;
      let by = this.#answered.get(target);
      if (!by) this.#answered.set(target, by = { requests: 0 });
      by.requests++;
      answering = { by, cut: () => end.destroy() };
      connection.answering.push(answering);
      answer(target);
    };
    if (!this.#held) return begin();
    this.#held.push(() => {
      if (!end.destroyed) begin();
    });
  }

  #answeredOne({ answering }: UnderWay, one: Answering): void {
    answering.splice(answering.indexOf(one), 1);
    if (--one.by.requests > 0) return;
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }

  #done(socket: Duplex, connection: UnderWay): void {
    // The connection itself may have closed before.
    if (connection.requests === 0 || --connection.requests > 0) return;
    this.#busy--;
    if (this.#closing) socket.end(() => socket.destroy());
  }
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
