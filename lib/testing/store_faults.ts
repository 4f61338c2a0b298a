import { Connection } from "../store/connection.ts";
import type { Store } from "../store/contract.ts";

/** Holds the write lock of a store's file, as a second process would, until it is disposed of. */
export function holdWriteLock(file: string): Disposable {
  const connection = new Connection({ file });
  connection.run("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      connection.run("ROLLBACK");
      connection[Symbol.dispose]();
    },
  };
}

/** Lets the store's file grow no further, as a full disk would, until it is disposed of. */
export async function fillDisk(store: Store): Promise<AsyncDisposable> {
  const limit = (pages: number) => store.write((tx) => tx.get(`PRAGMA max_page_count = ${pages}`));
  // SQLite takes no limit below the size the file has, and then keeps to that.
  await limit(1);
  return {
    async [Symbol.asyncDispose]() {
      await limit(4_294_967_294);
    },
  };
}
