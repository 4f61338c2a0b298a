import type { Reader } from "capstan";
import type { StatefulStream } from "./stateful_streams.ts";

/** How far it is, in offsets of one stream's topics. */
export interface RebuildStep {
  readonly stream: string;
  readonly done: number;
  readonly total: number;
}

/** A stream whose state was made anew. */
export interface RebuiltStream {
  readonly stream: string;
  /** Those that this agent has. */
  readonly partitions: number;
  /** Handled again. */
  readonly records: number;
}

/** What came of it. */
export interface RebuildResult {
  readonly streams: readonly RebuiltStream[];
  /** Rows by table. */
  readonly rows: readonly { readonly table: string; readonly before: number; readonly after: number }[];
}

/** What making all state anew needs. */
export interface RebuildOptions {
  streams: readonly StatefulStream[];
  read<T>(work: (db: Reader) => T): T;
  onProgress(step: RebuildStep): void;
}

/** Makes the state of the streams anew, one stream after the other. */
export async function rebuildState({ streams, read, onProgress }: RebuildOptions): Promise<RebuildResult> {
  const before = new Map(read(countRows));
  const rebuilt: RebuiltStream[] = [];
  for (const { group, handle } of streams) {
    const { partitions, records } = await handle.rebuild({
      onProgress: (figures) => onProgress({ stream: group, ...figures }),
    });
    rebuilt.push({ stream: group, partitions, records });
  }
  const rows = read(countRows).map(([table, after]) => ({ table, before: before.get(table) ?? 0, after }));
  return { streams: rebuilt, rows };
}

/** Ids of events that the HTTP API took are no state of a stream. */
const NOT_STATE = "insights_seen";

function countRows(db: Reader): [table: string, rows: number][] {
  const tables = db.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'insights_*' AND name NOT GLOB ? ORDER BY name",
    `${NOT_STATE}*`,
  );
  return tables.map((
    { name },
  ) => [name, db.get<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`)?.n ?? 0]);
}
