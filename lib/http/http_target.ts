import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Who answers a listener's requests. */
export interface HttpTarget {
  /** Called for each request, where the listener is of node:http. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** Called for each upgrade; without it upgrades are refused. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** Which upgrades `upgrade` gets; `handler` gets the others as plain requests. Default: all. */
  shouldUpgrade?(request: IncomingMessage): boolean;
  /** Called for each request, where the listener is the runtime's own. */
  fetch?(request: Request): Response | Promise<Response>;
}

/** What a listener serves. */
export interface ListenerOptions extends HttpTarget {
  /** For messages: `proxy`. */
  name: string;
  /** `host:port`, `:port` or `[v6]:port`. */
  listen: string;
  /** The setting that holds the address, for messages: `plugins.tapes.listen`. */
  setting?: string;
  /** What a client did wrong before a request stood, and what a handler threw. */
  onError?(error: unknown): void;
}

/** A listener that can be closed, or given to another target, without cutting calls off. */
export interface PluginListener {
  /** For messages. */
  readonly name: string;
  /** `http://127.0.0.1:8080` once listening; an address of every interface reads as loopback. */
  readonly origin: string | undefined;
  /** Who answers. */
  readonly target: HttpTarget;
  /** Lets requests that come now wait for the next target; those under way go on. */
  hold(): void;
  /**
   * Gives what comes from now on, and what waits, to another target. Connections stay; requests under way end with
   * the target they began with. Whether upgrades are taken can't change.
   */
  serve(target: HttpTarget): void;
  /** Resolves when a target answers no request any more; when `signal` aborts, what is left is cut off. */
  settled(target: HttpTarget, signal: AbortSignal): Promise<void>;
  /**
   * Opens the port.
   * @throws {Error} the address is taken, not this machine's, or not allowed; it says which setting to change.
   */
  listen(): Promise<void>;
  /** Takes no new connection, closes idle ones, and lets requests under way go on. Safe unstarted and twice. */
  refuseNew(): void;
  /** Resolves when the last connection is gone; when `signal` aborts, what is left is cut off. */
  close(signal?: AbortSignal): Promise<void>;
}
