import type { Hono } from "hono";
import type { GuardOptions } from "../access/guard.ts";
import { RateLimit } from "../access/rate_limit.ts";
import type { TokenBook } from "../access/token_book.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type AdminAction, adminApp, type AdminRoute, json } from "./admin_app.ts";
import { FetchServer } from "./fetch_server.ts";
import { isLoopback, parseListenAddress } from "./listen_address.ts";

/** How the admin listener is made. */
export interface AdminServerOptions {
  /** `host:port`. */
  listen: string;
  /** Further names it is reached under. */
  hosts: readonly string[];
  /** The token that may do everything. */
  token?: string;
  /** Further tokens, with roles. */
  book?: Pick<TokenBook, "callerOf">;
  /** Whether callers of this machine need one, too. */
  requireToken: boolean;
  /** Bytes of a request's body at most. */
  maxBody: number;
  /** Requests a second of one caller. */
  requestsPerSecond: number;
  routes: readonly AdminRoute[];
  log: Logger;
  /** Told of what changes something. */
  onAction?(action: AdminAction): void;
}

/** The agent's own listener: metrics, health, HTTP API and what commands call. */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #rate: RateLimit;
  #guard: GuardOptions | undefined;
  #app: Hono | undefined;
  readonly #server: FetchServer;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#rate = new RateLimit({ perSecond: options.requestsPerSecond, now: () => performance.now() });
    this.#server = new FetchServer({
      ...{ name: "admin", listen: options.listen, setting: "admin.listen" },
      handler: (_request, response) => void response.writeHead(404).end(),
      fetch: (request) => this.#fetch(request),
    });
  }

  /** `http://127.0.0.1:8081` while it listens. */
  get origin(): string | undefined {
    return this.#server.origin;
  }

  /**
   * Opens the port.
   * @throws {Error} it is taken or not allowed, or off loopback without a token.
   */
  async listen(): Promise<void> {
    const { listen, hosts, token } = this.#options;
    const { host, port } = parseListenAddress(listen);
    if (!isLoopback(host) && token === undefined) {
      throw new Error(`Cannot listen on ${listen} for admin: other machines reach it; set admin.token`);
    }
    const anyAddress = host === undefined || host === "0.0.0.0" || host === "::";
    const guard: GuardOptions = { hosts: [...hosts, ...(host ? [host] : [])], port, anyAddress };
    this.#guard = guard;
    this.serve(this.#options.routes);
    await this.#server.listen();
    guard.port = Number(new URL(this.#server.origin ?? "").port || 80);
  }

  /** Answers with these routes from now on. */
  serve(routes: readonly AdminRoute[]): void {
    if (!this.#guard) return;
    const { token, book, requireToken: required, maxBody, log, onAction } = this.#options;
    this.#app = adminApp({
      routes,
      guard: this.#guard,
      identify: { token, book, required },
      rate: this.#rate,
      maxBody,
      log,
      onAction,
    });
  }

  /**
   * Answers a request as if it had come by the listener.
   * @throws {Error} it does not listen.
   */
  async answer(request: Request): Promise<Response> {
    if (!this.#app || this.origin === undefined) {
      throw new Error("Cannot answer a request: the admin listener is closed");
    }
    return await this.#app.fetch(request);
  }

  /** Takes no new request, lets those under way finish until `signal` aborts. Safe unstarted and twice. */
  close(signal?: AbortSignal): Promise<void> {
    return this.#server.close(signal);
  }

  async #fetch(request: Request): Promise<Response> {
    try {
      return await this.#app?.fetch(request) ?? json({ error: "not open" }, 503);
    } catch (error) {
      this.#options.log.error("An admin request failed.", { error });
      return json({ error: "internal error" }, 500);
    }
  }
}
