import type { Migration } from "../../store/contract.ts";

/** Owner of the relay's tables in `capstan_migrations`. */
export const RELAY_OWNER = "relay";

/** The local log's consumer group that sends on to Kafka. */
export const RELAY_GROUP = "capstan-relay";

/** Who relays, what is relayed, and what Kafka would not take. */
export const RELAY_MIGRATIONS: readonly Migration[] = [{
  version: 1,
  name: "lease, topics, refused records",
  up(tx) {
    tx.run(`CREATE TABLE relay_lease (
      id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT, epoch INTEGER NOT NULL, lease_until INTEGER NOT NULL,
      trouble TEXT, trouble_at INTEGER
    )`);
    tx.run("INSERT INTO relay_lease (id, epoch, lease_until) VALUES (1, 0, 0)");
    tx.run("CREATE TABLE relay_topics (topic TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID");
    tx.run(`CREATE TABLE relay_refused (
      topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL,
      PRIMARY KEY (topic, partition, offset)
    ) WITHOUT ROWID`);
  },
}];
