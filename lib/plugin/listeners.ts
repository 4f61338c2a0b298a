import { FetchServer } from "../http/fetch_server.ts";
import { HttpServer } from "../http/http_server.ts";
import type { HttpTarget, PluginListener } from "../http/http_target.ts";
import { isLoopback, parseListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { RegisteredServer } from "./registry.ts";
import type { StopSteps } from "./steps.ts";

interface Open {
  plugin: string;
  options: RegisteredServer["options"];
  server: PluginListener;
}

/** What a plugin's next instance needs of listeners: new ones are open already, and let requests wait. */
export interface ListenerChange {
  /** Lets requests wait on the listeners that stay. */
  hold(): void;
  /** Gives the listeners to the next instance, and closes those it does not have. */
  serve(): void;
  /** Resolves when the former instance answers no request any more; `signal` cuts off what is left. */
  settled(signal: AbortSignal): Promise<void>;
  /** Answers 503 where the former instance was; what was opened for the next one is closed. */
  refuse(): Promise<void>;
  /** The next instance does not come: what was opened for it is closed. */
  abandon(): Promise<void>;
}

/** The plugins' listeners. */
export class Listeners {
  readonly #open: Open[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Opens them in the order of their registration; gives the lines that announce them.
   * @throws {Error} a port is taken or not allowed.
   */
  async open(registered: readonly RegisteredServer[]): Promise<string[]> {
    const lines: string[] = [];
    for (const each of registered) {
      const server = this.#make(each);
      await this.#listen(server, each);
      this.#open.push({ plugin: each.plugin, options: each.options, server });
      each.server.bind(server);
      const origin = server.origin ?? "";
      lines.push(...each.options.announce?.(origin) ?? [`${each.options.name}: ${origin}`]);
    }
    return lines;
  }

  /**
   * Prepares the listeners of a plugin's next instance. A listener of the same address stays open, and is given over.
   * @throws {Error} a port is taken or not allowed; nothing has changed then.
   */
  async change(plugin: string, wanted: readonly RegisteredServer[]): Promise<ListenerChange> {
    const before = this.#open.filter((each) => each.plugin === plugin);
    const kept = new Map<RegisteredServer, Open>();
    for (const each of wanted) {
      const same = before.find((open) => isSame(open, each) && ![...kept.values()].includes(open));
      if (same) kept.set(each, same);
    }
    const opened = new Map<RegisteredServer, Open>();
    const abandon = async () => {
      for (const { server } of opened.values()) await server.close(AbortSignal.abort());
    };
    for (const each of wanted) {
      if (kept.has(each)) continue;
      const server = this.#make(each);
      server.hold();
      try {
        await this.#listen(server, each);
      } catch (error) {
        await abandon();
        throw error;
      }
      opened.set(each, { plugin, options: each.options, server });
    }
    const former = [...kept.values()].map(({ server }) => ({ server, target: server.target }));
    const leaving = before.filter((open) => ![...kept.values()].includes(open)).map(({ server }) => server);
    return {
      hold: () => former.forEach(({ server }) => server.hold()),
      serve: () => {
        for (const server of leaving) server.refuseNew();
        this.#replace(
          plugin,
          wanted.flatMap((each) => this.#given(each, kept.get(each) ?? opened.get(each))),
        );
      },
      settled: async (signal) => {
        await Promise.all([
          ...former.map(({ server, target }) => server.settled(target, signal)),
          ...leaving.map((server) => server.close(signal)),
        ]);
        const left = this.#open.filter(({ server }) => !leaving.includes(server));
        this.#open.splice(0, this.#open.length, ...left);
      },
      refuse: async () => {
        for (const { server } of former) server.serve(DOWN);
        for (const server of leaving) server.serve(DOWN);
        await abandon();
      },
      abandon,
    };
  }

  /** What listens where. */
  status(): { name: string; origin: string }[] {
    return this.#open.flatMap(({ options: { name }, server }) =>
      server.origin ? [{ name, origin: server.origin }] : []
    );
  }

  /** Takes no new connections; calls under way go on. */
  refuseNew(): void {
    for (const { server } of this.#open) server.refuseNew();
  }

  /** Resolves when the last connection is gone; `signal` cuts off what is left. */
  close(steps: StopSteps, signal: AbortSignal): Promise<void> {
    return steps.all(
      this.#open,
      ({ options }) => `listener ${options.name}`,
      ({ server }) => server.close(signal),
    );
  }

  #make({ plugin, options }: RegisteredServer): PluginListener {
    const log = this.#log.child({ component: plugin, listener: options.name });
    const Server = options.fetch ? FetchServer : HttpServer;
    return new Server({
      ...targetOf(options),
      name: options.name,
      listen: options.listen,
      setting: options.setting ?? `the address in [plugins.${plugin}]`,
      onError: (error) => log.debug("A connection failed.", { error }),
    });
  }

  async #listen(
    server: PluginListener,
    { plugin, options: { name, listen } }: RegisteredServer,
  ): Promise<void> {
    await server.listen();
    if (isLoopback(parseListenAddress(listen).host)) return;
    const log = this.#log.child({ component: plugin, listener: name });
    log.warn("This listener is open to other machines.", { listen });
  }

  #given(wanted: RegisteredServer, open: Open | undefined): Open[] {
    if (!open) return [];
    wanted.server.bind(open.server);
    open.server.serve(targetOf(wanted.options));
    return [{ ...open, options: wanted.options }];
  }

  #replace(plugin: string, by: readonly Open[]): void {
    const others = this.#open.filter((each) => each.plugin !== plugin);
    this.#open.splice(0, this.#open.length, ...others, ...by);
  }
}

const DOWN_TEXT = "The plugin that answers here is down; the agent's log says why.\n";

/** The plugin was stopped, and its next instance did not start. */
const DOWN: HttpTarget = {
  handler: (_request, response) => {
    response.writeHead(503, { "content-type": "text/plain" });
    response.end(DOWN_TEXT);
  },
  fetch: () => new Response(DOWN_TEXT, { status: 503 }),
  upgrade: (_request, socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n"),
};

function targetOf(options: RegisteredServer["options"]): HttpTarget {
  return {
    handler: (request, response) => options.handler?.(request, response),
    ...(options.fetch && { fetch: options.fetch.bind(options) }),
    ...(options.upgrade && { upgrade: options.upgrade.bind(options) }),
    ...(options.shouldUpgrade && { shouldUpgrade: options.shouldUpgrade.bind(options) }),
  };
}

/** Whether an open listener serves another registration just as well; of port 0 each name has one of its own. */
function isSame({ options }: Open, wanted: RegisteredServer): boolean {
  const { listen, name, upgrade, fetch } = wanted.options;
  if ((options.fetch === undefined) !== (fetch === undefined)) return false;
  if (options.listen !== listen || (options.upgrade === undefined) !== (upgrade === undefined)) return false;
  return parseListenAddress(listen).port !== 0 || options.name === name;
}
