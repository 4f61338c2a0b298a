import { createServer, type Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Labels, LogFields, Logger, Position, ServeOptions } from "capstan";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { type Call, decodeCall } from "../../../../plugins/tapes/call.ts";
import type { ProxyContext } from "../../../../plugins/tapes/proxy/proxy.ts";

/** How an append fares; `undefined` stores at once. */
export type AppendFault = (value: Uint8Array, signal?: AbortSignal) => Promise<void> | undefined;

/** A store's failure as the agent throws it. */
export function storeError(failure: "full" | "locked" | "readonly" | "constraint"): Error {
  return Object.assign(new Error(`Cannot append: the store is ${failure}`), { name: "StoreError", failure });
}

/** The agent as a proxy sees it: appends to memory, listens on free ports. */
export class FakeContext implements ProxyContext {
  /** What was stored, in order. */
  readonly calls: Call[] = [];
  /** What was logged: `warn Calls can't be stored …`. */
  readonly lines: string[] = [];
  /** Sums of counters: `accounted_total{outcome=complete}`. */
  readonly counts: Record<string, number> = {};
  readonly gauges: Record<string, () => number | void> = {};
  /** Decides how each append fares. */
  fault: AppendFault = () => undefined;
  readonly #servers: { options: ServeOptions; server: HttpServer; origin: string | undefined }[] = [];
  readonly #sockets = new Set<Socket>();
  #watchers: (() => void)[] = [];

  readonly log: Logger = this.#logger();
  readonly redact = NO_REDACTION;

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  async append(
    topic: string,
    record: { value: unknown },
    options?: { signal?: AbortSignal },
  ): Promise<Position> {
    if (!(record.value instanceof Uint8Array)) throw new TypeError("calls are bytes");
    await this.fault(record.value, options?.signal);
    this.calls.push(decodeCall(record.value));
    for (const wake of this.#watchers.splice(0)) wake();
    return { topic, partition: 0, offset: this.calls.length - 1 };
  }

  counter({ name }: { name: string }) {
    return {
      inc: (labels: Labels = {}, by = 1) => {
        const series = Object.entries(labels).map(([key, value]) => `${key}=${value}`).join(",");
        const key = series ? `${name}{${series}}` : name;
        this.counts[key] = (this.counts[key] ?? 0) + by;
      },
    };
  }

  gauge({ name, collect }: { name: string; collect?: () => number | void }) {
    if (collect) this.gauges[name] = collect;
    return { set() {} };
  }

  serve(options: ServeOptions) {
    const server = createServer(
      { shouldUpgradeCallback: options.shouldUpgrade ?? (() => true) } as Parameters<typeof createServer>[0],
      (request, response) => options.handler?.(request, response),
    );
    server.on("upgrade", (request, socket, head) => options.upgrade?.(request, socket, head));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    const entry = { options, server, origin: undefined as string | undefined };
    this.#servers.push(entry);
    return entry;
  }

  /** Opens what was registered with `serve`. */
  async listen(): Promise<void> {
    for (const entry of this.#servers) {
      await new Promise<void>((resolve) => entry.server.listen(0, "127.0.0.1", resolve));
      const address = entry.server.address();
      if (typeof address === "object" && address) entry.origin = `http://127.0.0.1:${address.port}`;
    }
  }

  /** Where the listener of this name is. */
  origin(name = "proxy"): string {
    return this.#servers.find(({ options }) => options.name === name)!.origin!;
  }

  /** Resolves once `count` calls are stored. */
  async stored(count: number): Promise<Call[]> {
    while (this.calls.length < count) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    return this.calls;
  }

  async close(): Promise<void> {
    for (const { server } of this.#servers) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of this.#sockets) socket.destroy();
      await closed;
    }
  }

  #logger(): Logger {
    const say = (level: string) => (message: string, _fields?: LogFields) => {
      this.lines.push(`${level} ${message}`);
    };
    const logger: Logger = {
      debug: say("debug"),
      info: say("info"),
      warn: say("warn"),
      error: say("error"),
      child: () => logger,
    };
    return logger;
  }
}
