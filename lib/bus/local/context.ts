import type { Logger } from "../../telemetry/logger.ts";
import type { SqliteStore } from "../../store/sqlite_store.ts";
import type { OutgoingRecord, Position } from "../contract.ts";
import type { Transaction } from "../../store/contract.ts";
import type { LocalCatalog } from "./catalog.ts";
import type { Gap } from "./cursors.ts";
import type { LocalRecords } from "./records.ts";
import type { LocalWakeups } from "./wakeups.ts";

/** What the parts of one local log share. */
export interface LocalContext {
  /** The file. */
  store: SqliteStore;
  /** Begins the names of its members. */
  owner: string;
  /** Its topics and partitions. */
  catalog: LocalCatalog;
  /** Writes and reads records. */
  records: LocalRecords;
  /** Wakes readers. */
  wakeups: LocalWakeups;
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, for waits that must not fall together. */
  random(): number;
  /** How long a dead member keeps its partitions, in milliseconds. */
  leaseMs: number;
  /** How often a member looks at its lease and group, in milliseconds. */
  heartbeatMs: number;
  /** For what happens in the background. */
  log: Logger | undefined;
  /** Appends inside `tx` and wakes readers after its commit. */
  append(tx: Transaction, records: readonly OutgoingRecord[]): Position[];
  /** Tells the members of a group in this process, after the next commit, to look at it again. */
  groupTouched(group: string): void;
  /** Records that were gone before they were read. */
  gap(gap: Gap): void;
}
