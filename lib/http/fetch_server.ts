import type { HttpTarget, ListenerOptions, PluginListener } from "./http_target.ts";
import { formatAddress, parseListenAddress } from "./listen_address.ts";
import { listenError } from "./listen_error.ts";

/** Ends a request's wait for its answer. */
type Cut = () => void;

/** Milliseconds that what is cut off has to hear of it; the port is free then. */
const LAST_MS = 100;

/**
 * A listener of the runtime's own server, for targets that answer by `fetch`: it costs a third of node:http's. Paths and
 * headers come as `Request` has them, not as they were sent.
 */
export class FetchServer implements PluginListener {
  readonly name: string;
  readonly #options: ListenerOptions;
  /** Requests that wait for their answer, by who answers them. */
  readonly #answering = new Map<HttpTarget, Set<Cut>>();
  #target: HttpTarget;
  /** Requests wait for that. */
  #held: PromiseWithResolvers<void> | undefined;
  #waiting = 0;
  #wake = Promise.withResolvers<void>();
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #origin: string | undefined;
  #closed: Promise<unknown> | undefined;

  /** Opens nothing yet. */
  constructor(options: ListenerOptions) {
    this.name = options.name;
    this.#options = options;
    this.#target = options;
  }

  /** See `PluginListener`. */
  get origin(): string | undefined {
    return this.#origin;
  }

  /** See `PluginListener`. */
  get target(): HttpTarget {
    return this.#target;
  }

  /** Requests that wait for the next target. */
  get waiting(): number {
    return this.#waiting;
  }

  /** See `PluginListener`. */
  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  /** See `PluginListener`. */
  serve(target: HttpTarget): void {
    this.#target = target;
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** See `PluginListener`. */
  async settled(target: HttpTarget, signal: AbortSignal): Promise<void> {
    const under = this.#answering.get(target);
    if (under === undefined) return;
    const cut = () => [...under].forEach((each) => each());
    if (signal.aborted) cut();
    signal.addEventListener("abort", cut, { once: true });
    while (under.size > 0) await this.#wake.promise;
    signal.removeEventListener("abort", cut);
    if (target !== this.#target) this.#answering.delete(target);
  }

  /** See `PluginListener`. */
  async listen(): Promise<void> {
    const { host, port } = parseListenAddress(this.#options.listen);
    const address = await this.#open(host === undefined ? ["::", "0.0.0.0"] : [host], port);
    const reached = host === undefined || host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
    this.#origin = `http://${formatAddress(reached, address.port)}`;
  }

  /** See `PluginListener`. */
  refuseNew(): void {
    this.#closed ??= this.#server
      ? Promise.race([this.#server.shutdown(), this.#server.finished])
      : Promise.resolve();
  }

  /**
   * See `PluginListener`. What is cut off is answered with 503; a body that is being sent is not waited for then. (To
   * abort the server's own signal while it shuts down would throw where nobody catches, in Deno 2.9.5.)
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.refuseNew();
    const over = Promise.withResolvers<void>();
    let last: ReturnType<typeof setTimeout> | undefined;
    const cut = () => {
      for (const under of this.#answering.values()) [...under].forEach((each) => each());
      // Nobody comes any more for whom requests could wait.
      if (this.#held) this.serve(STOPPED);
      last = setTimeout(over.resolve, LAST_MS);
    };
    if (signal?.aborted) cut();
    signal?.addEventListener("abort", cut, { once: true });
    await Promise.race([this.#closed, over.promise]);
    signal?.removeEventListener("abort", cut);
    clearTimeout(last);
    this.#origin = undefined;
  }

  /** Opens the port on the first of the hosts that this machine has. */
  async #open([hostname = "", ...others]: readonly string[], port: number): Promise<Deno.NetAddr> {
    const bound = Promise.withResolvers<Deno.NetAddr>();
    try {
      this.#server = Deno.serve({
        hostname,
        port,
        onListen: (address) => bound.resolve(address),
        onError: (error) => {
          this.#options.onError?.(error);
          return new Response("Internal error\n", { status: 500 });
        },
      }, (request) => this.#held ? this.#later(request) : this.#answer(request));
    } catch (error) {
      if (others.length > 0 && !(error instanceof Deno.errors.AddrInUse)) {
        return await this.#open(others, port);
      }
      throw listenError(this.#options, error instanceof Error ? error : new Error(String(error)));
    }
    return await bound.promise;
  }

  async #later(request: Request): Promise<Response> {
    this.#waiting++;
    while (this.#held) await this.#held.promise;
    this.#waiting--;
    return await this.#answer(request);
  }

  #answer(request: Request): Promise<Response> {
    const target = this.#target;
    let under = this.#answering.get(target);
    if (!under) this.#answering.set(target, under = new Set());
    return new Promise((resolve, reject) => {
      const over = () => {
        under.delete(cut);
        if (under.size > 0) return;
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
      };
      const cut = () => {
        over();
        resolve(stopped());
      };
      under.add(cut);
      answerOf(target, request).then((response) => {
        over();
        resolve(response);
      }, (error) => {
        over();
        reject(error);
      });
    });
  }
}

const stopped = () => new Response("The plugin that answers here has stopped.\n", { status: 503 });

/** Answers in the place of who does not come. */
const STOPPED: HttpTarget = { handler: () => {}, fetch: stopped };

async function answerOf(target: HttpTarget, request: Request): Promise<Response> {
  return await target.fetch?.(request) ?? new Response(null, { status: 404 });
}
