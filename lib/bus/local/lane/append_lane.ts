import type { Logger } from "../../../telemetry/logger.ts";
import type { OutgoingRecord, Position } from "../../contract.ts";
import type { AppendWorkerStart, FromAppendWorker } from "./append_worker.ts";
import { SendRing } from "./send_ring.ts";

/** Room for sends under way. */
const RING_BYTES = 4 * 1024 * 1024;
/** Milliseconds the Worker waits for another's lock before it hands sends back. */
const LOCK_WAIT_MS = 250;

/** What the lane's Worker needs. */
export interface LaneWorker {
  /** The file the sends go to; it exists. */
  storeFile: string;
  /** Each commit waits for the disk. */
  powerSafe: boolean;
  /** Memory of the store's `WriteTurns`. */
  turns: SharedArrayBuffer;
  /** Told when the Worker can't run. */
  log?: Logger;
}

/** What a lane is made of. */
export interface AppendLaneOptions<T> extends LaneWorker {
  /** The send is durable at `positions`; or, without them, not stored, and to be sent in another way or no more. */
  settled(send: T, positions: Position[] | undefined): void;
  /** Called after each round of `settled`. */
  passedOn(): void;
}

/** A thread that commits sends, so that the thread of the listeners doesn't: it copies them and goes on. */
export class AppendLane<T extends { readonly records: readonly OutgoingRecord[] }> {
  readonly #options: AppendLaneOptions<T>;
  readonly #ring = new SendRing(RING_BYTES);
  /** Sends in the ring, oldest first. */
  readonly #sends: T[] = [];
  #worker: Worker | undefined;
  #state: "idle" | "starting" | "ready" | "closing" | "down" = "idle";
  #settling = false;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  /** Starts no thread yet. */
  constructor(options: AppendLaneOptions<T>) {
    this.#options = options;
  }

  /** Whether sends are under way. */
  get busy(): boolean {
    return this.#sends.length > 0;
  }

  /** Starts the Worker; resolves when it takes sends, or can't. Safe twice. */
  start(): Promise<void> {
    if (this.#state === "idle") this.#launch();
    return this.#started.promise;
  }

  #launch(): void {
    this.#state = "starting";
    const worker = this.#worker = new Worker(new URL("./append_worker.ts", import.meta.url), {
      type: "module",
      name: "capstan append",
    });
    worker.onmessage = ({ data }: MessageEvent<FromAppendWorker>) => {
      if (data.kind === "ready") {
        if (this.#state === "starting") this.#state = "ready";
        this.#started.resolve();
      } else if (data.kind === "failed") this.#down(data.error);
      else this.#ended.resolve();
    };
    worker.onerror = (event) => {
      // Without this the whole process would end with the Worker.
      event.preventDefault();
      this.#down(event.message);
    };
    const { storeFile, powerSafe, turns } = this.#options;
    const start: AppendWorkerStart = {
      ring: this.#ring.memory,
      turns,
      storeFile,
      powerSafe,
      lockWaitMs: LOCK_WAIT_MS,
    };
    worker.postMessage(start);
  }

  /**
   * Takes a send; its slot, or -1 where the lane has no room or no thread. What is put behind a send that is handed back
   * is handed back too, until all are.
   */
  put(send: T, now: number): number {
    if (this.#state !== "ready") return -1;
    const slot = this.#ring.put(send.records, now);
    if (slot < 0) return slot;
    this.#sends.push(send);
    if (!this.#settling) void this.#settle();
    this.#ring.publish();
    return slot;
  }

  /** Passes on what is settled by now; who waits to be told hears of it a turn of the event loop later. */
  look(): void {
    const { settled } = this.#ring;
    if (this.#sends.length > 0 && this.#ring.hasSettled(settled)) this.#passOn(settled);
  }

  /** Takes a send back. False: its transaction has begun. */
  withdraw(slot: number): boolean {
    return this.#ring.withdraw(slot);
  }

  /** Resolves when what was put is settled and the Worker has ended. Safe unstarted and twice. */
  async close(): Promise<void> {
    if (this.#state === "idle") this.#state = "down";
    if (this.#state === "down") return;
    this.#state = "closing";
    this.#ring.publish();
    this.#ring.close();
    await this.#ended.promise;
    this.#worker?.terminate();
    // The word that it has ended may come before that of what it settled.
    this.#passOn(this.#ring.settled);
    this.#state = "down";
  }

  /** Passes on what is settled, until nothing is under way. */
  async #settle(): Promise<void> {
    this.#settling = true;
    while (this.#sends.length > 0) {
      const { settled } = this.#ring;
      if (this.#ring.hasSettled(settled)) this.#passOn(settled);
      else await this.#ring.more(settled);
    }
    this.#settling = false;
  }

  #passOn(settled: number): void {
    while (this.#sends.length > 0 && this.#ring.hasSettled(settled)) {
      const send = this.#sends.shift()!;
      this.#options.settled(send, this.#ring.take(send.records));
    }
    this.#options.passedOn();
  }

  /**
   * The Worker is no more; the lane stays closed. What it had under way is sent in another way: a commit that it could
   * not tell of any more is there twice.
   */
  #down(reason: string): void {
    if (this.#state === "down") return;
    this.#state = "down";
    this.#worker?.terminate();
    this.#started.resolve();
    this.#ended.resolve();
    this.#options.log?.warn("The thread that appends has ended; appends go on without it.", {
      error: reason,
    });
    this.#passOn(this.#ring.settled);
    for (const send of this.#sends.splice(0)) this.#options.settled(send, undefined);
    this.#options.passedOn();
  }
}
