import { readJson } from "../../json/read_json.ts";
import type { Reader, Store, Transaction } from "../../store/contract.ts";
import type { Position, TopicAdmin, TopicChange, TopicDescription, TopicSpec } from "../contract.ts";
import { creation, difference, sameSetting } from "../topic_changes.ts";
import { deleteRecords } from "./delete_records.ts";
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
          settings: settingsOf(topic),
          bytes: db.get<{ bytes: number }>(
            "SELECT sum(bytes) AS bytes FROM log_partitions WHERE topic = ?",
            topic.name,
          )?.bytes ?? 0,
        }))
      )
    );
  }

  /** See `TopicAdmin`. */
  plan(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    return Promise.resolve().then(() => this.#store.read((db) => planLocalTopics(specs, readTopics(db))));
  }

  /** See `TopicAdmin`. */
  async apply(specs: readonly TopicSpec[]): Promise<TopicChange[]> {
    // Most starts change nothing, and then take no write lock.
    if ((await this.plan(specs)).every(({ kind }) => kind === "impossible")) return [];
    const done = await this.#store.write((tx) =>
      changesOf(specs, readTopics(tx)).flatMap(({ change, topic, from }) => {
        if (change.kind === "impossible") return [];
        put(tx, topic);
        addPartitions(tx, topic, from);
        return [change];
      })
    );
    this.#changed();
    return done;
  }

  /** See `TopicAdmin`. */
  deleteRecords(before: Position): Promise<number> {
    return deleteRecords(this.#store, before);
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
    const settings: Record<string, string> = readJson(row.settings);
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

/** What must be done so that the topics become as `specs` want them. */
export function planLocalTopics(specs: readonly TopicSpec[], known: readonly LocalTopic[]): TopicChange[] {
  return changesOf(specs, known).map(({ change }) => change);
}

interface Planned {
  change: TopicChange;
  /** The topic as it will be. */
  topic: LocalTopic;
  /** Partitions it has now. */
  from: number;
}

function changesOf(specs: readonly TopicSpec[], known: readonly LocalTopic[]): Planned[] {
  const byName = new Map(known.map((topic) => [topic.name, topic]));
  return specs.flatMap((spec) => planOf(spec, byName.get(spec.name)));
}

function planOf(spec: TopicSpec, now: LocalTopic | undefined): Planned[] {
  const { name, partitions } = spec;
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new RangeError(`Cannot create topic ${name}: it has ${partitions} partitions; give at least 1`);
  }
  const topic: LocalTopic = {
    name,
    partitions: Math.max(partitions, now?.partitions ?? 0),
    retentionMs: spec.retentionMs ?? now?.retentionMs ?? RETENTION_MS,
    maxRecordBytes: spec.maxRecordBytes ?? now?.maxRecordBytes ?? MAX_RECORD_BYTES,
    localOnly: spec.localOnly ?? now?.localOnly ?? false,
    settings: { ...now?.settings, ...spec.settings },
  };
  const from = now?.partitions ?? 0;
  const planned = (change: TopicChange): Planned => ({ change, topic, from });
  if (!now) {
    const shown = { "retention.ms": retentionText(topic), ...topic.settings };
    return [planned(creation({ name, partitions }, shown))];
  }
  const changes: Planned[] = [];
  const values = { what: "partitions", from: String(from), to: String(partitions) };
  if (partitions > from) {
    const remark = "new records of a key may go to another partition";
    changes.push(planned(difference(name, "add-partitions", values, remark)));
  }
  if (partitions < from) {
    changes.push(planned(difference(name, "impossible", values, "partitions can't be taken away")));
  }
  const before = settingsOf(now);
  for (const [what, to] of Object.entries(settingsOf(topic))) {
    if (sameSetting(before[what], to)) continue;
    changes.push(planned(difference(name, "change-setting", { what, from: before[what], to })));
  }
  return changes;
}

/** All that a topic is kept by, as settings. Further ones are for Kafka; the log itself does nothing by them. */
function settingsOf(topic: LocalTopic): Record<string, string> {
  return {
    ...topic.settings,
    "retention.ms": retentionText(topic),
    "max.message.bytes": String(topic.maxRecordBytes),
    "capstan.local.only": String(topic.localOnly),
  };
}

function retentionText({ retentionMs }: LocalTopic): string {
  return retentionMs === Infinity ? "-1" : String(retentionMs);
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
