import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Milliseconds without a further change after which a change counts: editors write in several steps. */
const SETTLE_MS = 100;

/** What watching files needs. */
export interface FileWatcherOptions {
  /** Something happened to one of the files; whether its content changed is for the listener to find out. */
  onChange(): void;
  /** They can't be watched. */
  onError(error: unknown): void;
}

/** Watches files by their folders: a file may be replaced by another one, or come later. */
export class FileWatcher implements Disposable {
  readonly #options: FileWatcherOptions;
  #folders: readonly string[] = [];
  #names: ReadonlySet<string> = new Set();
  #watcher: Deno.FsWatcher | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: FileWatcherOptions) {
    this.#options = options;
  }

  /** Watches these files from now on, and no others. */
  watch(files: readonly string[]): void {
    if (this.#closed) return;
    // Kubernetes changes a mounted file by a link beside it.
    this.#names = new Set([...files.map((file) => basename(file)), "..data"]);
    const folders = [...new Set(files.map(dirname))].filter((folder) => existsSync(folder)).sort();
    if (this.#watcher && folders.join("\0") === this.#folders.join("\0")) return;
    this.#folders = folders;
    // What changes between two watchers is seen by neither.
    if (this.#watcher) this.#soon();
    this.#watcher?.close();
    this.#watcher = undefined;
    try {
      this.#watcher = Deno.watchFs(folders, { recursive: false });
      void this.#listen(this.#watcher);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Watches nothing any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#options.onChange(), SETTLE_MS);
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths } of watcher) {
        if (kind === "access" || !paths.some((path) => this.#names.has(basename(path)))) continue;
        this.#soon();
      }
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
