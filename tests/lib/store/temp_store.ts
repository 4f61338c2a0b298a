import { openStore, type StoreOptions } from "../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../lib/store/sqlite_store.ts";

/** A folder of a test's own, and stores in it; all go with it. */
export class TempStore implements AsyncDisposable {
  /** The folder. */
  readonly folder: string = Deno.makeTempDirSync();
  /** The file that `open` opens. */
  readonly file: string = `${this.folder}/capstan.sqlite`;
  readonly #stores: SqliteStore[] = [];

  /** Opens the file; several times are as several processes. */
  async open(options: Partial<StoreOptions> = {}): Promise<SqliteStore> {
    const store = await openStore({ file: this.file, ...options });
    this.#stores.push(store);
    return store;
  }

  /** Closes what is open and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) await store.close();
    await Deno.remove(this.folder, { recursive: true });
  }
}
