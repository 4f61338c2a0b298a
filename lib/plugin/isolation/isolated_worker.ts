import { type Answer, Calls } from "./calls.ts";
import type {
  AgentCalls,
  Exported,
  FromWorker,
  Opened,
  Opening,
  SentCodec,
  Tidings,
  ToWorker,
  WorkerCalls,
} from "./protocol.ts";
import { receiveError, type Sent } from "./sent_error.ts";
import { WorkerLost } from "./worker_lost.ts";

/** What a Worker is started with. */
export interface IsolatedWorkerOptions {
  /** For messages. */
  plugin: string;
  permissions: Deno.PermissionOptionsObject;
  /** Does for the plugin what it asks for. */
  answer<K extends keyof WorkerCalls>(
    name: K,
    ask: WorkerCalls[K]["ask"],
    signal: AbortSignal,
  ): Promise<Answer>;
  /** Lines, reports and what to do with streams. */
  hear(message: FromWorker): void;
}

/** A started Worker's thread. */
export function spawn(plugin: string, permissions: Deno.PermissionOptionsObject): Worker {
  return new Worker(new URL("./isolated.ts", import.meta.url), {
    type: "module",
    name: `capstan ${plugin}`,
    deno: { permissions },
  });
}

/** The agent's end of one Worker, from its start to its end. */
export class IsolatedWorker {
  /** Resolves with the reason when it is gone, of itself or by `end`. */
  readonly died: Promise<Error>;
  readonly #died = Promise.withResolvers<Error>();
  readonly #worker: Worker;
  readonly #calls: Calls<AgentCalls, WorkerCalls>;
  readonly #imported = Promise.withResolvers<Exported | { error: Sent }>();
  readonly #opened = Promise.withResolvers<Opened>();
  readonly #plugin: string;
  #gone = false;

  /** @throws {Error} it may not have these permissions. */
  constructor({ plugin, permissions, answer, hear }: IsolatedWorkerOptions) {
    this.died = this.#died.promise;
    this.#plugin = plugin;
    const worker = this.#worker = spawn(plugin, permissions);
    this.#calls = new Calls<AgentCalls, WorkerCalls>({
      post: (message, transfer) => this.#post(message, transfer),
      answer,
    });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (this.#gone) return;
      if (data.kind === "dying") this.end(receiveError(data.error));
      else if (data.kind === "imported") this.#imported.resolve(data.exported);
      else if (data.kind === "unimportable") this.#imported.resolve({ error: data.error });
      else if (data.kind === "opened") this.#opened.resolve(data.opened);
      else if (isCall(data)) this.#calls.take(data);
      else hear(data);
    };
    worker.onerror = (event) => {
      // Without this the whole process would end with the Worker.
      event.preventDefault();
      this.end(new Error(event.message));
    };
    worker.onmessageerror = () => this.end(new Error("a message of its worker could not be read"));
  }

  /**
   * Imports a module; what its default export is, or why it could not be imported.
   * @throws {Error} the Worker is gone.
   */
  async import(module: string): Promise<Exported | { error: Sent }> {
    this.#post({ kind: "import", module });
    return await this.#unlessGone(this.#imported.promise);
  }

  /**
   * Imports a module and runs its plugin's `setup`.
   * @throws {Error} the Worker is gone.
   */
  async open(module: string, opening: Opening, tidings: Tidings): Promise<Opened> {
    this.#post({ kind: "open", module, opening, tidings });
    return await this.#unlessGone(this.#opened.promise);
  }

  /** The plugin works from now on. */
  run(codecs: readonly (readonly [topic: string, codec: SentCodec])[], limitMs: number): void {
    this.#post({ kind: "run", codecs, limitMs });
  }

  /** Tells what is new. */
  tell(tidings: Tidings): void {
    this.#post({ kind: "tidings", tidings });
  }

  /** @throws what the plugin threw, or why its Worker is gone. */
  async call<K extends keyof AgentCalls>(
    name: K,
    ask: AgentCalls[K]["ask"],
    options: { transfer?: ArrayBuffer[]; signal?: AbortSignal } = {},
  ): Promise<AgentCalls[K]["answer"]> {
    return await this.#calls.call(name, ask, options);
  }

  /** Ends it; whatever waits for an answer is told why. Safe twice. */
  end(reason: Error): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#worker.terminate();
    this.#calls.end(new WorkerLost(this.#plugin, reason));
    this.#died.resolve(reason);
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (!this.#gone) this.#worker.postMessage(message, transfer);
  }

  async #unlessGone<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([
      work,
      this.died.then((reason) => {
        throw reason;
      }),
    ]);
  }
}

function isCall(message: FromWorker): message is Extract<FromWorker, { id: number }> {
  return "id" in message;
}
