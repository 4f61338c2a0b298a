import type { Socket } from "node:net";

/** What is looked at of a connection. */
export interface LookedAt {
  readonly socket: Pick<Socket, "bytesRead" | "destroy">;
  /** Under way. */
  readonly requests: number;
}

/** One that was idle at a look. */
interface Idle {
  /** That had come. */
  readonly bytes: number;
  /** How many looks before it was the same. */
  readonly looks: number;
}

/** When connections are idle; milliseconds. */
export interface IdleOptions {
  /** How long nothing must have come, and no request have been under way. */
  readonly idleMs: number;
  /** Between two looks: a connection is closed so much later at most. */
  readonly everyMs: number;
}

/**
 * Closes connections that have been idle for long, by a look at all of them now and then. A timer for each, which
 * node:http sets behind every answer and takes away at the next request, costs a tenth of a busy proxy's thread.
 */
export class IdleConnections {
  readonly #connections: () => Iterable<LookedAt>;
  readonly #options: IdleOptions;
  /** At the last look. */
  #idle = new Map<LookedAt, Idle>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(connections: () => Iterable<LookedAt>, options: IdleOptions) {
    this.#connections = connections;
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    this.#timer = setInterval(() => this.#look(), this.#options.everyMs);
  }

  /** Looks no more. Safe unstarted and twice. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { idleMs, everyMs } = this.#options;
    const idle = new Map<LookedAt, Idle>();
    for (const connection of this.#connections()) {
      const { socket, requests } = connection;
      if (requests > 0) continue;
      const before = this.#idle.get(connection);
      const bytes = socket.bytesRead;
      const looks = before?.bytes === bytes ? before.looks + 1 : 0;
      if (looks * everyMs >= idleMs) socket.destroy();
      else idle.set(connection, { bytes, looks });
    }
    this.#idle = idle;
  }
}
