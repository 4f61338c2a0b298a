import type { Reader, Store } from "../../store/contract.ts";
import type { GroupAdmin, GroupDescription, GroupLag } from "../contract.ts";
import { lagOf } from "./groups.ts";

/** Consumer groups of the local log, as the file has them: whoever runs. */
export class LocalGroups implements GroupAdmin {
  readonly #store: Store;
  readonly #now: () => number;

  /** `now` in ms since 1970, by which leases end. */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** See `GroupAdmin`. */
  list(): Promise<string[]> {
    return Promise.resolve().then(() => this.#store.read(groupNames));
  }

  /** See `GroupAdmin`. */
  describe(names: readonly string[]): Promise<GroupDescription[]> {
    return Promise.resolve().then(() =>
      this.#store.read((db) => {
        const wanted = new Set(names);
        return groupNames(db).filter((name) => wanted.has(name)).map((name) =>
          describeGroup(db, name, this.#now())
        );
      })
    );
  }

  /** See `GroupAdmin`. */
  lags(groups: readonly { group: string; topics?: readonly string[] }[]): Promise<GroupLag[]> {
    return Promise.resolve().then(() =>
      this.#store.read((db) =>
        groups.flatMap(({ group, topics = [] }) => {
          const committed = lagOf(db, group, undefined);
          const known = new Set(committed.map(({ topic }) => topic));
          const others = topics.filter((topic) => !known.has(topic));
          return [...committed, ...lagOf(db, group, others)].map((lag) => ({ group, ...lag }));
        })
      )
    );
  }
}

function groupNames(db: Reader): string[] {
  return db.all<{ name: string }>("SELECT name FROM log_groups ORDER BY name").map(({ name }) => name);
}

function describeGroup(db: Reader, name: string, now: number): GroupDescription {
  const owned = Map.groupBy(
    db.all<{ owner: string; topic: string; partition: number }>(
      `SELECT o.owner, p.topic, p.partition FROM log_offsets o JOIN log_partitions p ON p.id = o.partition_id
       WHERE o.grp = ? AND o.owner IS NOT NULL ORDER BY p.topic, p.partition`,
      name,
    ),
    ({ owner }) => owner,
  );
  const members = db.all<{ member: string }>(
    "SELECT member FROM log_members WHERE grp = ? AND lease_until > ? ORDER BY member",
    name,
    now,
  ).map(({ member }) => ({
    id: member,
    client: null,
    host: null,
    partitions: (owned.get(member) ?? []).map(({ topic, partition }) => ({ topic, partition })),
  }));
  return {
    name,
    state: members.length > 0 ? "running" : "empty",
    members,
    partitions: lagOf(db, name, undefined),
  };
}
