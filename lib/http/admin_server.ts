import { type Context, Hono } from "hono";
import { type GuardOptions, refusal, type Visitor } from "../access/guard.ts";
import type { Logger } from "../telemetry/logger.ts";
import { formatAddress, isLoopback, parseListenAddress } from "./listen_address.ts";
import { listenError } from "./listen_error.ts";

/** Answers a request; `params` are the path's `:names`. */
export type AdminHandler = (
  request: Request,
  params: Readonly<Record<string, string>>,
) => Response | Promise<Response>;

/** One route: `GET`, `/dag/node/:hash`. */
export interface AdminRoute {
  method: string;
  path: string;
  /** Answers who may know. */
  handler: AdminHandler;
  /** Answers, instead, who lacks the token on a path that is open without it. Default: `handler`. */
  brief?: AdminHandler;
}

/** How the admin listener is made. */
export interface AdminServerOptions {
  /** `host:port`. */
  listen: string;
  /** Further names it is reached under. */
  hosts: readonly string[];
  token?: string;
  /** Paths answered without a token. */
  open: readonly string[];
  routes: readonly AdminRoute[];
  log: Logger;
}

/** The agent's own listener: metrics, health, HTTP API and what commands call. */
export class AdminServer {
  readonly #options: AdminServerOptions;
  readonly #cut = new AbortController();
  #guard: GuardOptions | undefined;
  #app: Hono | undefined;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #origin: string | undefined;

  constructor(options: AdminServerOptions) {
    this.#options = options;
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
    const { listen, hosts, token, open, log } = this.#options;
    const { host, port } = parseListenAddress(listen);
    if (!isLoopback(host) && token === undefined) {
      throw new Error(`Cannot listen on ${listen} for admin: other machines reach it; set admin.token`);
    }
    const bound = Promise.withResolvers<Deno.NetAddr>();
    const every = host === undefined || host === "0.0.0.0" || host === "::";
    const guard: GuardOptions = {
      hosts: [...hosts, ...(host ? [host] : [])],
      port,
      token,
      open,
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
    if (this.#guard) this.#app = this.#appOf(routes, this.#guard);
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

  #appOf(routes: readonly AdminRoute[], guard: GuardOptions): Hono {
    const app = new Hono();
    app.use(async (context, next) => {
      const refused = refusal(guard, visitorOf(context));
      if (!refused) {
        await next();
        context.res.headers.set("x-content-type-options", "nosniff");
        return;
      }
      const headers = refused.status === 401 ? { "www-authenticate": "Bearer" } : undefined;
      return json({ error: refused.error }, refused.status, headers);
    });
    for (const { method, path, handler, brief = handler } of routes) {
      app.on(method.toUpperCase(), path, (context) => {
        const knows = refusal({ ...guard, open: [] }, visitorOf(context)) === null;
        return (knows ? handler : brief)(context.req.raw, context.req.param());
      });
    }
    app.notFound((context) => json({ error: `no such path: ${context.req.path}` }, 404));
    app.onError((error) => {
      this.#options.log.error("An admin request failed.", { error });
      return json({ error: "internal error" }, 500);
    });
    return app;
  }
}

function visitorOf({ req }: Context): Visitor {
  return { method: req.method, path: req.path, header: (name) => req.header(name) };
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}
