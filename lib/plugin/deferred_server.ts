import type { Server } from "./contract.ts";

/** A listener's handle from `setup` on. */
export class DeferredServer implements Server {
  #running: Server | undefined;

  /** See `Server`. */
  get origin(): string | undefined {
    return this.#running?.origin;
  }

  /** Takes the listener over. */
  bind(running: Server | undefined): void {
    this.#running = running;
  }
}
