import type { Hono } from "hono";
import type { GuardOptions } from "../access/guard.ts";
import { RateLimit } from "../access/rate_limit.ts";
import type { TokenBook } from "../access/token_book.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type AdminAction, adminApp, type AdminRoute, json } from "./admin_app.ts";
import { formatAddress, isLoopback, parseListenAddress } from "./listen_address.ts";
import { listenError } from "./listen_error.ts";

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
  readonly #cut = new AbortController();
  readonly #rate: RateLimit;
  #guard: GuardOptions | undefined;
  #app: Hono | undefined;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #origin: string | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#rate = new RateLimit({ perSecond: options.requestsPerSecond, now: () => performance.now() });
  }

  /** `http://127.0.0.1:8081` while it listens. */
  get origin(): string | undefined {
    return this.#origin;
  }

  /**
   * Opens the port.
   * @throws {Error} it is taken or not allowed, or off loopback without a token.
   */
  async listen(): Promise<void> {
    const { listen, hosts, token, log } = this.#options;
    const { host, port } = parseListenAddress(listen);
    if (!isLoopback(host) && token === undefined) {
      throw new Error(`Cannot listen on ${listen} for admin: other machines reach it; set admin.token`);
    }
    const bound = Promise.withResolvers<Deno.NetAddr>();
    const every = host === undefined || host === "0.0.0.0" || host === "::";
    const guard: GuardOptions = {
      hosts: [...hosts, ...(host ? [host] : [])],
      port,
      anyAddress: every,
    };
    this.#guard = guard;
    this.serve(this.#options.routes);
    try {
      this.#server = Deno.serve({
        hostname: host ?? "0.0.0.0",
        port,
        signal: this.#cut.signal,
        onListen: (address) => bound.resolve(address),
        onError: (error) => {
          log.error("An admin request failed.", { error });
          return json({ error: "internal error" }, 500);
        },
      }, (request) => this.#app?.fetch(request) ?? json({ error: "not open" }, 503));
    } catch (error) {
      throw listenError(
        { name: "admin", listen, setting: "admin.listen" },
        error instanceof Error ? error : new Error(String(error)),
      );
    }
    const address = await bound.promise;
    guard.port = address.port;
    const reached = host === undefined || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    this.#origin = `http://${formatAddress(reached, address.port)}`;
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
    if (!this.#app || !this.#server) {
      throw new Error("Cannot answer a request: the admin listener is closed");
    }
    return await this.#app.fetch(request);
  }

  /** Takes no new request, lets those under way finish until `signal` aborts. Safe unstarted and twice. */
  async close(signal?: AbortSignal): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    this.#origin = undefined;
    const cut = () => this.#cut.abort();
    if (signal?.aborted) cut();
    signal?.addEventListener("abort", cut, { once: true });
    await Promise.race([server.shutdown(), server.finished]);
    signal?.removeEventListener("abort", cut);
  }
}
