/** Whether more is taken in; `reason` is a sentence. */
export interface StorageState {
  /** Neither disk nor log is at its limit. */
  accepting: boolean;
  /** Why not. */
  reason?: string;
  /** The disk has less than `store.min_free_disk`: recorded calls are not stored any more, either. */
  diskFull?: boolean;
}

/** What was measured, and its limits, in bytes. */
export interface StorageFigures {
  /** Free on the store's disk. */
  free: number;
  /** `store.min_free_disk`. Default 0. */
  minFreeDisk?: number;
  /** Bytes of records in the local log. */
  logBytes: number;
  /** `log.max_bytes`. Default: no limit. */
  maxLogBytes?: number;
}

/** What these figures mean for whoever brings more. */
export function storageState(
  { free, minFreeDisk = 0, logBytes, maxLogBytes = Infinity }: StorageFigures,
): StorageState {
  if (free < minFreeDisk) {
    const reason = `${free} bytes of disk are free, below store.min_free_disk (${minFreeDisk})`;
    return { accepting: false, reason, diskFull: true };
  }
  if (logBytes > maxLogBytes) {
    const reason = `the log holds ${logBytes} bytes, above log.max_bytes (${maxLogBytes})`;
    return { accepting: false, reason, diskFull: false };
  }
  return { accepting: true };
}
