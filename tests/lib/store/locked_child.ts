import { openStore } from "../../../lib/store/open_store.ts";
import { StoreError } from "../../../lib/store/error.ts";
import { WriteTurns } from "../../../lib/store/write_turns.ts";

/** A process that does nothing but wait for a write lock, which it never gets; it prints what it was told. */
if (import.meta.main) {
  const [file = ""] = Deno.args;
  await using store = await openStore({ file, turns: new WriteTurns("first"), lockWaitMs: 100 });
  try {
    await store.write(() => undefined);
  } catch (error) {
    console.log(error instanceof StoreError ? error.failure : error);
  }
}
