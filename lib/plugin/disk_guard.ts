import { diskSpace } from "../store/disk_space.ts";
import { StoreError } from "../store/error.ts";
import type { HostOptions } from "./host_contract.ts";
import { storageState } from "./storage_state.ts";

/**
 * What a command asks before it writes.
 * @throws {StoreError} "full": the disk has less than `store.min_free_disk`.
 */
export function diskGuard(
  { storeFile, settings, parts }: Pick<HostOptions, "storeFile" | "settings" | "parts">,
): () => Promise<void> {
  return async () => {
    const free = await (parts?.freeDisk ?? diskSpace)(storeFile);
    const { diskFull, reason } = storageState({
      free,
      minFreeDisk: settings.store.min_free_disk,
      logBytes: 0,
    });
    if (diskFull) {
      throw new StoreError("full", `Cannot write to ${storeFile}: ${reason}; make room and start again`);
    }
  };
}
