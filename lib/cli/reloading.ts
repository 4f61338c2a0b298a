import type { Loaded } from "../config/load.ts";
import type { ReloadAnswer } from "../plugin/host_contract.ts";
import type { Invocation } from "./command.ts";
import { FileWatcher } from "./file_watcher.ts";
import { listenForHangup } from "./hangup.ts";
import type { Made, MakeOptions } from "./make_host.ts";
import { Reloader } from "./reloader.ts";

/** What an agent answers that is not ready yet. */
const NOT_YET: ReloadAnswer = {
  refused: "the agent is starting; try again",
  plugins: [],
  applied: [],
  waiting: [],
};

/** When an agent reads configuration and modules again: at SIGHUP, when asked, and with `--watch` when files change. */
export class Reloading implements AsyncDisposable {
  readonly #call: Invocation;
  readonly #closed = new AbortController();
  readonly #hangup: Disposable;
  #reloader: Reloader | undefined;
  #watcher: FileWatcher | undefined;
  /** Asked for before the agent runs; done as soon as it does. */
  #early = false;
  #ended = false;

  /** Listens for signals from now on. */
  constructor(call: Invocation) {
    this.#call = call;
    this.#hangup = listenForHangup({
      onHangup: () => {
        if (this.#ended) return;
        if (this.#reloader) void this.#reloader.reload();
        else this.#early = true;
      },
      onTerminalGone: () => this.#closed.abort(),
    });
  }

  /** Aborts when the terminal that the agent was started at has been closed. */
  get terminalGone(): AbortSignal {
    return this.#closed.signal;
  }

  /** Reads all of it again now. */
  async reload(): Promise<ReloadAnswer> {
    return await this.#reloader?.reload() ?? NOT_YET;
  }

  /** The agent runs. */
  async begin(made: Made, { defaults = [] }: MakeOptions): Promise<void> {
    const reloader = this.#reloader = await Reloader.open({
      ...made,
      call: this.#call,
      defaults,
      onSettings: ({ logging }) => made.logAs(logging),
    });
    if (this.#call.options.watch === true) {
      const watcher = this.#watcher = new FileWatcher({
        onChange: async () => {
          await reloader.reload({ quiet: true });
          watcher.watch(reloader.files);
        },
        onError: (error) =>
          made.log.error("Files can't be watched; capstan reload has them read again.", {
            component: "reload",
            error,
          }),
      });
      watcher.watch(reloader.files);
    }
    if (this.#early) void reloader.reload();
  }

  /** The agent's own settings as they are now, `before` where nothing was read again. */
  settings(before: Loaded["host"]): Loaded["host"] {
    return this.#reloader?.settings ?? before;
  }

  /** Begins nothing any more; signals are ignored. Safe twice. */
  end(): void {
    this.#ended = true;
    this.#watcher?.[Symbol.dispose]();
  }

  /** Ends, and removes what was made to load modules again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.#hangup[Symbol.dispose]();
    await this.#reloader?.[Symbol.asyncDispose]();
  }
}
