import type { LocalLog, PartitionLag, TopicDescription } from "../bus/contract.ts";
import type { Reader, Store } from "../store/contract.ts";

/** What lies in the file, whether an agent runs or not. */
export interface FileStatus {
  file: string;
  /** Bytes of the file and of its write-ahead log. */
  bytes: number;
  walBytes: number;
  /** Rows of each view plugins declare: `{ plugin: "tapes", name: "turns", rows: 12 }`. */
  views: { plugin: string; name: string; rows: number }[];
  topics: { name: string; partitions: number; records: number; end: number }[];
  groups: { name: string; lag: number; topics: string[] }[];
}

/** Looks into an open store and its log. */
export async function fileStatus(store: Pick<Store, "file" | "read">, local: LocalLog): Promise<FileStatus> {
  const names = store.read((db) => db.all<{ name: string }>("SELECT name FROM log_groups ORDER BY name"));
  const groups = await Promise.all(names.map(async ({ name }) => groupOf(name, await local.lag(name))));
  return {
    file: store.file,
    bytes: await sizeOf(store.file),
    walBytes: await sizeOf(`${store.file}-wal`),
    views: store.read(viewsOf),
    topics: (await local.topics.describe()).map(topicOf),
    groups,
  };
}

function topicOf({ name, partitions }: TopicDescription): FileStatus["topics"][number] {
  const records = partitions.reduce((sum, at) => sum + at.endOffset - at.startOffset, 0);
  return {
    name,
    partitions: partitions.length,
    records,
    end: partitions.reduce((sum, at) => sum + at.endOffset, 0),
  };
}

function groupOf(name: string, partitions: readonly PartitionLag[]): FileStatus["groups"][number] {
  return {
    name,
    lag: partitions.reduce((sum, at) => sum + at.lag, 0),
    topics: [...new Set(partitions.map((at) => at.topic))],
  };
}

/** Views a plugin declares for others are called `<plugin>_<name>_v<n>`; of several versions the newest counts. */
function viewsOf(db: Reader): FileStatus["views"] {
  const found = new Map<string, FileStatus["views"][number]>();
  const views = db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name");
  for (const { name: view } of views) {
    const [, plugin, name] = /^([a-z][a-z0-9]*)_([a-z0-9_]+)_v\d+$/.exec(view) ?? [];
    if (!plugin || !name) continue;
    const rows = db.get<{ rows: number }>(`SELECT count(*) AS rows FROM "${view}"`)?.rows ?? 0;
    found.set(`${plugin}_${name}`, { plugin, name, rows });
  }
  return [...found.values()];
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await Deno.stat(file)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
