import type { Reader, Store, Transaction } from "../../store/contract.ts";
import type { TopicAdmin, TopicChange, TopicDescription, TopicSpec } from "../contract.ts";
import { createPartitionTable } from "./schema.ts";

/** What a topic of the local log is kept by. */
export interface LocalTopic {
  /** Its name. */
  name: string;
  /** How many partitions it has. */
  partitions: number;
  /** Milliseconds; `Infinity` for ever. */
  retentionMs: number;
  /** Largest record Kafka takes, in bytes; the log itself has no limit. */
  maxRecordBytes: number;
  /** Never relayed. */
  localOnly: boolean;
  /** Further Kafka settings. */
  settings: Readonly<Record<string, string>>;
}

/** Seven days, as Kafka has it. */
const RETENTION_MS = 7 * 24 * 3_600_000;
const MAX_RECORD_BYTES = 1_000_000;

/** Topics of the local log. */
export class LocalTopics implements TopicAdmin {
  readonly #store: Store;
  readonly #changed: () => void;

  /** `changed` is called when topics were created or got partitions. */
  constructor(store: Store, changed: () => void) {
    this.#store = store;
    this.#changed = changed;
  }

  /** See `TopicAdmin`. */
  describe(names?: readonly string[]): Promise<TopicDescription[]> {
    return Promise.resolve().then(() =>
      this.#store.read((db) =>
        readTopics(db).filter(({ name }) => !names || names.includes(name)).map((topic) => ({
          name: topic.name,
          partitions: db.all<{ partition: number; startOffset: number; endOffset: number }>(
            "SELECT partition, start_offset AS startOffset, next_offset AS endOffset FROM log_partitions " +
              "WHERE topic = ? ORDER BY partition",
            topic.name,
          ).map((row) => ({ ...row })),
          replication: 1,
          settings: {
            ...topic.settings,
            "retention.ms": topic.retentionMs === Infinity ? "-1" : String(topic.retentionMs),
            "max.message.bytes": String(topic.maxRecordBytes),
            "capstan.local.only": String(topic.localOnly),
          },
        }))
      )
    );
  }

  /** See `TopicAdmin`. */
  plan(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    return Promise.resolve().then(() =>
      this.#store.read((db) => changesOf(db, specs).map(({ change }) => change))
    );
  }

  /** See `TopicAdmin`. */
  async apply(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    // Most starts change nothing, and then take no write lock.
    if ((await this.plan(specs)).every(({ kind }) => kind === "impossible")) return [];
    const done = await this.#store.write((tx) =>
      changesOf(tx, specs).flatMap(({ change, topic, from }) => {
        if (change.kind === "impossible") return [];
        put(tx, topic);
        addPartitions(tx, topic, from);
        return [change];
      })
    );
    this.#changed();
    return done;
  }
}

/** All topics, by name. */
export function readTopics(db: Reader): LocalTopic[] {
  return db.all<{
    name: string;
    retention_ms: number;
    max_record_bytes: number;
    local_only: number;
    settings: string;
    partitions: number;
  }>(
    "SELECT t.*, (SELECT count(*) FROM log_partitions WHERE topic = t.name) AS partitions FROM log_topics t ORDER BY name",
  ).map((row) => {
    const settings: Record<string, string> = JSON.parse(row.settings);
    return {
      name: row.name,
      partitions: row.partitions,
      retentionMs: row.retention_ms,
      maxRecordBytes: row.max_record_bytes,
      localOnly: row.local_only === 1,
      settings,
    };
  });
}

interface Planned {
  change: TopicChange;
  /** The topic as it will be. */
  topic: LocalTopic;
  /** Partitions it has now. */
  from: number;
}

function changesOf(db: Reader, specs: readonly TopicSpec[]): Planned[] {
  const known = new Map(readTopics(db).map((topic) => [topic.name, topic]));
  return specs.flatMap((spec) => planOf(spec, known.get(spec.name)));
}

function planOf(spec: TopicSpec, now: LocalTopic | undefined): Planned[] {
  if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
    throw new RangeError(
      `Cannot create topic ${spec.name}: it has ${spec.partitions} partitions; give at least 1`,
    );
  }
  const topic: LocalTopic = {
    name: spec.name,
    partitions: Math.max(spec.partitions, now?.partitions ?? 0),
    retentionMs: spec.retentionMs ?? now?.retentionMs ?? RETENTION_MS,
    maxRecordBytes: spec.maxRecordBytes ?? now?.maxRecordBytes ?? MAX_RECORD_BYTES,
    localOnly: spec.localOnly ?? now?.localOnly ?? false,
    settings: { ...now?.settings, ...spec.settings },
  };
  const from = now?.partitions ?? 0;
  const planned = (kind: TopicChange["kind"], detail: string): Planned => ({
    change: { topic: spec.name, kind, detail },
    topic,
    from,
  });
  if (!now) {
    return [planned("create", `${spec.partitions} partitions, retention ${duration(topic.retentionMs)}`)];
  }
  const changes: Planned[] = [];
  if (spec.partitions > from) {
    changes.push(planned("add-partitions", `${from} partitions become ${spec.partitions}`));
  }
  if (spec.partitions < from) {
    changes.push(
      planned(
        "impossible",
        `it has ${from} partitions, ${spec.partitions} are wanted; partitions can't be taken away`,
      ),
    );
  }
  for (const detail of differences(now, topic)) changes.push(planned("change-setting", detail));
  return changes;
}

function differences(now: LocalTopic, topic: LocalTopic): string[] {
  const found: string[] = [];
  const compare = (name: string, from: string, to: string) => {
    if (from !== to) found.push(`${name}: ${from} becomes ${to}`);
  };
  compare("retention", duration(now.retentionMs), duration(topic.retentionMs));
  compare("largest record", `${now.maxRecordBytes} bytes`, `${topic.maxRecordBytes} bytes`);
  compare("local only", String(now.localOnly), String(topic.localOnly));
  for (const [name, value] of Object.entries(topic.settings)) {
    compare(name, now.settings[name] ?? "unset", value);
  }
  return found;
}

function duration(ms: number): string {
  return ms === Infinity ? "for ever" : `${ms} ms`;
}

function put(tx: Transaction, topic: LocalTopic): void {
  tx.run(
    `INSERT INTO log_topics (name, retention_ms, max_record_bytes, local_only, settings) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET retention_ms = excluded.retention_ms,
       max_record_bytes = excluded.max_record_bytes, local_only = excluded.local_only, settings = excluded.settings`,
    topic.name,
    topic.retentionMs,
    topic.maxRecordBytes,
    topic.localOnly ? 1 : 0,
    JSON.stringify(topic.settings),
  );
}

function addPartitions(tx: Transaction, topic: LocalTopic, from: number): void {
  for (let partition = from; partition < topic.partitions; partition++) {
    const sql = "INSERT INTO log_partitions (topic, partition) VALUES (?, ?) ON CONFLICT DO NOTHING";
    const { changes, lastInsertRowid } = tx.run(sql, topic.name, partition);
    if (changes === 1) tx.run(createPartitionTable(lastInsertRowid));
  }
  // Members of every group look again at what there is to share.
  if (from > 0 && topic.partitions > from) tx.run("UPDATE log_groups SET generation = generation + 1");
}
