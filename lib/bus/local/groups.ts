import { readJson } from "../../json/read_json.ts";
import type { Reader, Transaction } from "../../store/contract.ts";
import type { PartitionLag, StartFrom } from "../contract.ts";
import { assign, assignTogether, type GroupMember } from "./assignment.ts";
import { startOffset } from "./offsets.ts";

/** Who asks: one member of one group. */
export interface Membership {
  /** The group. */
  group: string;
  /** The member; no two have had the same name. */
  member: string;
  /** What it reads. */
  topics: readonly string[];
  /** Where the group starts in what it has never read. */
  from: StartFrom;
  /** Milliseconds of lease given at each renewal. */
  leaseMs: number;
  /** Partitions of one number go to one member. Default false. */
  together?: boolean;
}

/** A partition a member owns. */
export interface Ownership {
  /** Of the partition's row. */
  id: number;
  /** Its topic. */
  topic: string;
  /** Its number in the topic. */
  partition: number;
  /** Grows with each change of owner; a commit under an older one is refused. */
  epoch: number;
  /** Where to go on. */
  position: number;
  /** What the group has committed; `null`: nothing. */
  committed: number | null;
}

/** What a member has after it looked at its group. */
export interface GroupView {
  /** The group's when the member looked. */
  generation: number;
  /** What it owns now. */
  owned: Ownership[];
  /** Of these, what it must give up. */
  surplus: number[];
}

/** What a member needs to know to leave the group's rows alone. */
export interface GroupPulse {
  /** The group's. */
  generation: number;
  /** Milliseconds left of this member's lease; negative if it is over or its row is gone. */
  leaseLeft: number;
  /** Members whose lease is over. */
  expired: number;
}

/** Renews the member's lease, drops dead members, and takes what is this member's share and free. */
export function joinGroup(tx: Transaction, membership: Membership, now: number): GroupView {
  const { group, member, leaseMs } = membership;
  const topics = JSON.stringify(membership.topics);
  tx.run("INSERT INTO log_groups (name) VALUES (?) ON CONFLICT DO NOTHING", group);
  const known = tx.get("SELECT 1 FROM log_members WHERE grp = ? AND member = ?", group, member) !== undefined;
  tx.run(
    `INSERT INTO log_members (grp, member, topics, lease_until) VALUES (?, ?, ?, ?)
     ON CONFLICT (grp, member) DO UPDATE SET topics = excluded.topics, lease_until = excluded.lease_until`,
    group,
    member,
    topics,
    now + leaseMs,
  );
  // A lease far in the future is one from before the clock was set back.
  const dead = tx.run(
    "DELETE FROM log_members WHERE grp = ? AND member <> ? AND (lease_until <= ? OR lease_until > ?)",
    group,
    member,
    now,
    now + 3 * leaseMs,
  ).changes;
  if (!known || dead > 0) bump(tx, group);
  const { owned, surplus } = takeShare(tx, membership);
  return { generation: generationOf(tx, group), owned, surplus };
}

/** Renews the lease and changes nothing else. */
export function renewLease(tx: Transaction, { group, member, leaseMs }: Membership, now: number): void {
  tx.run("UPDATE log_members SET lease_until = ? WHERE grp = ? AND member = ?", now + leaseMs, group, member);
}

/** Gives up partitions, so that the members they belong to may take them. */
export function releasePartitions(
  tx: Transaction,
  { group, member }: Membership,
  ids: readonly number[],
): void {
  for (const id of ids) {
    tx.run(
      "UPDATE log_offsets SET owner = NULL WHERE grp = ? AND partition_id = ? AND owner = ?",
      group,
      id,
      member,
    );
  }
  bump(tx, group);
}

/** Leaves the group; its partitions are free at once. */
export function leaveGroup(tx: Transaction, { group, member }: Pick<Membership, "group" | "member">): void {
  tx.run("DELETE FROM log_members WHERE grp = ? AND member = ?", group, member);
  tx.run("UPDATE log_offsets SET owner = NULL WHERE grp = ? AND owner = ?", group, member);
  bump(tx, group);
}

/**
 * Takes the members of an owner out of their groups, whatever is left of their leases; gives how many. One that is there
 * all the same is fenced at its next commit, and joins again.
 */
export function dropMembersOf(tx: Transaction, owner: string): number {
  const begin = `${owner}/`;
  const members = tx.all<{ group: string; member: string }>(
    `SELECT grp AS "group", member FROM log_members WHERE substr(member, 1, ?) = ?`,
    begin.length,
    begin,
  );
  for (const each of members) leaveGroup(tx, each);
  return members.length;
}

/** A cheap look at the group. */
export function pulseOf(db: Reader, { group, member, leaseMs }: Membership, now: number): GroupPulse {
  const row = db.get<{ mine: number | null; expired: number }>(
    `SELECT max(CASE WHEN member = ? THEN lease_until END) AS mine,
       count(CASE WHEN member <> ? AND (lease_until <= ? OR lease_until > ?) THEN 1 END) AS expired
     FROM log_members WHERE grp = ?`,
    member,
    member,
    now,
    now + 3 * leaseMs,
    group,
  );
  return {
    generation: generationOf(db, group),
    leaseLeft: (row?.mine ?? 0) - now,
    expired: row?.expired ?? 0,
  };
}

/** How far a group is behind: in the topics named, or in all it has read or reads. */
export function lagOf(db: Reader, group: string, topics: readonly string[] | undefined): PartitionLag[] {
  const names = topics ?? db.all<{ topic: string }>(
    `SELECT DISTINCT topic FROM log_partitions WHERE id IN (SELECT partition_id FROM log_offsets WHERE grp = ?)`,
    group,
  ).map(({ topic }) => topic);
  return db.all<
    { topic: string; partition: number; committed: number | null; start_offset: number; next_offset: number }
  >(
    `SELECT p.topic, p.partition, o.committed, p.start_offset, p.next_offset FROM log_partitions p
     LEFT JOIN log_offsets o ON o.partition_id = p.id AND o.grp = ?
     WHERE p.topic IN (SELECT value FROM json_each(?)) ORDER BY p.topic, p.partition`,
    group,
    JSON.stringify(names),
  ).map((row) => ({
    topic: row.topic,
    partition: row.partition,
    committed: row.committed,
    endOffset: row.next_offset,
    lag: Math.max(0, row.next_offset - Math.max(row.committed ?? 0, row.start_offset)),
  }));
}

/** Grows with each change of members, of their partitions, or of the topics' partitions. */
export function generationOf(db: Reader, group: string): number {
  return db.get<{ generation: number }>("SELECT generation FROM log_groups WHERE name = ?", group)
    ?.generation ?? 0;
}

/** Makes every member look at the group again. */
function bump(tx: Transaction, group: string): void {
  tx.run("UPDATE log_groups SET generation = generation + 1 WHERE name = ?", group);
}

interface PartitionRow {
  id: number;
  topic: string;
  partition: number;
  owner: string | null;
  epoch: number | null;
  committed: number | null;
}

function takeShare(
  tx: Transaction,
  { group, member, from, together }: Membership,
): { owned: Ownership[]; surplus: number[] } {
  const members = tx.all<{ member: string; topics: string }>(
    "SELECT member, topics FROM log_members WHERE grp = ?",
    group,
  ).map((row): GroupMember => {
    const topics: string[] = readJson(row.topics);
    return { member: row.member, topics: new Set(topics) };
  });
  const live = new Set(members.map((one) => one.member));
  const rows = tx.all<PartitionRow>(
    `SELECT p.id, p.topic, p.partition, o.owner, o.epoch, o.committed FROM log_partitions p
     LEFT JOIN log_offsets o ON o.partition_id = p.id AND o.grp = ? ORDER BY p.id`,
    group,
  ).map((row) => ({ ...row, owner: row.owner !== null && live.has(row.owner) ? row.owner : null }));
  const wanted = together ? assignTogether(rows, members) : assign(rows, members);
  // Partitions added to a topic that the group reads are read from their start, whatever `from` says.
  const read = new Set(
    rows.filter((row) => row.committed !== null || row.owner !== null).map((row) => row.topic),
  );
  const owned: Ownership[] = [];
  const surplus: number[] = [];
  for (const row of rows) {
    const mine = row.owner === member;
    if (mine && wanted.get(row.id) !== member) surplus.push(row.id);
    if (!mine && (row.owner !== null || wanted.get(row.id) !== member)) continue;
    const { id, topic, partition } = row;
    const added = row.epoch === null && read.has(topic);
    const position = row.committed ?? startOffset(tx, id, added ? "earliest" : from);
    const epoch = mine ? row.epoch ?? 0 : (row.epoch ?? 0) + 1;
    if (!mine) take(tx, group, { id, member, epoch });
    owned.push({ id, topic, partition, epoch, position, committed: row.committed });
  }
  return { owned, surplus };
}

/** Takes a free partition. */
function take(
  tx: Transaction,
  group: string,
  { id, member, epoch }: { id: number; member: string; epoch: number },
): void {
  tx.run(
    `INSERT INTO log_offsets (grp, partition_id, owner, epoch) VALUES (?, ?, ?, ?)
     ON CONFLICT (grp, partition_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch`,
    group,
    id,
    member,
    epoch,
  );
}
