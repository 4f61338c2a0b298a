import type { TopicCodecs } from "../bus/topic_codecs.ts";
import { isDeadLetterTopic, originTopic } from "../bus/stream/dead_letters.ts";
import type { BusRecord, Position } from "../bus/contract.ts";
import { lagOf, leaveGroup } from "../bus/local/groups.ts";
import { type LocalBus, openLocalLog } from "../bus/local/local_bus.ts";
import { openStore } from "../store/open_store.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import type { CapturedRecord } from "./test_agent_contract.ts";

const decoder = new TextDecoder();

/** A stream that reads. */
export interface Reading {
  /** For messages. */
  name: string;
  group: string;
  /** Real names. */
  topics: readonly string[];
}

/** What a stream has before it. */
export interface Behind extends Reading {
  /** Records not handled. */
  records: number;
}

/** The test's own connections to the agent's file: no fault of the agent's touches them. */
export class LogView implements AsyncDisposable {
  /** What the test handed over, as `topic/partition/offset`. */
  readonly #delivered = new Set<string>();

  private constructor(readonly store: SqliteStore, readonly log: LocalBus) {}

  /** Opens the file, and makes it where it is missing. */
  static async open(file: string, now: () => number): Promise<LogView> {
    const store = await openStore({ file });
    return new LogView(store, await openLocalLog(store, { now }));
  }

  /** Says that records there are not the plugin's. */
  delivered(positions: readonly Position[]): void {
    for (const position of positions) this.#delivered.add(placeOf(position));
  }

  /** All of a topic that the test did not hand over, under its name in code. */
  published(topic: string, real: string, codecs: TopicCodecs): CapturedRecord[] {
    return this.store.read((db) =>
      db.all<{ partition: number; start: number; end: number }>(
        `SELECT partition, start_offset AS start, next_offset AS "end" FROM log_partitions WHERE topic = ?
         ORDER BY partition`,
        real,
      ).flatMap(({ partition, start, end }) =>
        this.log.readFrom(db, { topic: real, partition, offset: start }, end - start, Infinity)
      )
    ).filter((record) => !this.#delivered.has(placeOf(record))).map((record) =>
      captured({ ...record, topic }, codecs)
    );
  }

  /** Real names of all topics. */
  topics(): string[] {
    return this.store.read((db) => db.all<{ name: string }>("SELECT name FROM log_topics ORDER BY name"))
      .map(({ name }) => name);
  }

  /** The streams that have something before them, in one snapshot. */
  behind(streams: readonly Reading[]): Behind[] {
    return this.store.read((db) =>
      streams.map((stream) => ({
        ...stream,
        records: lagOf(db, stream.group, stream.topics).reduce((sum, { lag }) => sum + lag, 0),
      })).filter(({ records }) => records > 0)
    );
  }

  /** Streams that do not have all their partitions yet. */
  arriving(streams: readonly Reading[]): Reading[] {
    return this.store.read((db) =>
      streams.filter(({ group, topics }) =>
        db.get<{ free: number }>(
          `SELECT count(*) AS free FROM log_partitions p
           LEFT JOIN log_offsets o ON o.partition_id = p.id AND o.grp = ?
           WHERE p.topic IN (SELECT value FROM json_each(?)) AND o.owner IS NULL`,
          group,
          JSON.stringify(topics),
        )?.free !== 0
      )
    );
  }

  /** Takes everybody out of their groups, and the relay off its lease, as the end of their leases would. */
  async evict(): Promise<void> {
    await this.store.write((tx) => {
      if (tx.get("SELECT 1 FROM sqlite_schema WHERE name = 'relay_lease'")) {
        tx.run("UPDATE relay_lease SET holder = NULL, lease_until = 0");
      }
      for (
        const { group, member } of tx.all<{ group: string; member: string }>(
          'SELECT grp AS "group", member FROM log_members',
        )
      ) leaveGroup(tx, { group, member });
    });
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.close();
    await this.store.close();
  }
}

function captured(record: BusRecord, codecs: TopicCodecs): CapturedRecord {
  const { topic, partition, offset, key, value, timestamp } = record;
  return {
    topic,
    partition,
    offset,
    key: key && decoder.decode(key),
    data: decoded(record, codecs),
    value,
    headers: Object.fromEntries(record.headers.map(([name, text]) => [name, decoder.decode(text)])),
    timestamp,
  };
}

/** A dead letter may be just what no codec can read. */
function decoded({ topic, value }: BusRecord, codecs: TopicCodecs): unknown {
  if (value === null) return null;
  try {
    return codecs.of(isDeadLetterTopic(topic) ? originTopic(topic) : topic).decode(value);
  } catch {
    return decoder.decode(value);
  }
}

function placeOf({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`;
}
