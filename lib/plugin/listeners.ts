import { HttpServer } from "../http/http_server.ts";
import { isLoopback, parseListenAddress } from "../http/listen_address.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Registry } from "./registry.ts";
import type { StopSteps } from "./steps.ts";

/** The plugins' listeners. */
export class Listeners {
  readonly #servers: { name: string; plugin: string; server: HttpServer }[] = [];

  constructor(private readonly registered: Registry["servers"], private readonly log: Logger) {}

  /**
   * Opens them in the order of their registration; gives the lines that announce them.
   * @throws {Error} a port is taken or not allowed.
   */
  async open(): Promise<string[]> {
    const lines: string[] = [];
    for (const { plugin, options, server: handle } of this.registered) {
      const log = this.log.child({ component: plugin, listener: options.name });
      const server = new HttpServer({
        name: options.name,
        listen: options.listen,
        setting: options.setting ?? `the address in [plugins.${plugin}]`,
        handler: (request, response) => options.handler(request, response),
        ...(options.upgrade && { upgrade: options.upgrade.bind(options) }),
        ...(options.shouldUpgrade && { shouldUpgrade: options.shouldUpgrade.bind(options) }),
        onError: (error) => log.debug("A connection failed.", { error }),
      });
      await server.listen();
      this.#servers.push({ name: options.name, plugin, server });
      handle.bind(server);
      const { host } = parseListenAddress(options.listen);
      if (!isLoopback(host)) {
        log.warn("This listener is open to other machines.", { listen: options.listen });
      }
      const origin = server.origin ?? "";
      lines.push(...options.announce?.(origin) ?? [`${options.name}: ${origin}`]);
    }
    return lines;
  }

  /** What listens where. */
  status(): { name: string; origin: string }[] {
    return this.#servers.flatMap(({ name, server }) =>
      server.origin ? [{ name, origin: server.origin }] : []
    );
  }

  /** Takes no new connections; calls under way go on. */
  refuseNew(): void {
    for (const { server } of this.#servers) server.refuseNew();
  }

  /** Resolves when the last connection is gone; `signal` cuts off what is left. */
  close(steps: StopSteps, signal: AbortSignal): Promise<void> {
    return steps.all(this.#servers, ({ name }) => `listener ${name}`, ({ server }) => server.close(signal));
  }
}
