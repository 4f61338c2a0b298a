import type { Admin, Group } from "@platformatic/kafka";
import type { Clock } from "../clock.ts";
import type { GroupAdmin, GroupDescription, GroupLag, GroupMember } from "../contract.ts";
import type { KafkaClients } from "./clients.ts";
import { kafkaError } from "./error.ts";
import { listOffsets, type TopicPartition } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { topicNames } from "./topic_names.ts";

/** Share groups have no offsets of their own. */
const WITH_OFFSETS = ["classic", "consumer"];

/** Consumer groups of a cluster. */
export class KafkaGroups implements GroupAdmin {
  readonly #clients: KafkaClients;
  readonly #clock: Clock;
  readonly #ending: AbortSignal;

  /** Connects nothing yet; waits no longer once `ending` aborts. */
  constructor(clients: KafkaClients, clock: Clock, ending: AbortSignal) {
    this.#clients = clients;
    this.#clock = clock;
    this.#ending = ending;
  }

  /** See `GroupAdmin`. */
  async list(): Promise<string[]> {
    const admin = await this.#clients.admin();
    try {
      return [...(await admin.listGroups({ types: WITH_OFFSETS })).keys()].sort();
    } catch (cause) {
      throw kafkaError("list the consumer groups", cause);
    }
  }

  /** See `GroupAdmin`. Members of groups of the newer protocol (KIP-848) are not told. */
  async describe(names: readonly string[]): Promise<GroupDescription[]> {
    const admin = await this.#clients.admin();
    try {
      const all = await admin.listGroups({ types: WITH_OFFSETS });
      const found = [...new Set(names)].filter((name) => all.has(name)).sort();
      if (found.length === 0) return [];
      const classic = found.filter((name) => (all.get(name)?.groupType ?? "classic") === "classic");
      const [described, lags] = await Promise.all([
        classic.length === 0 ? new Map<string, Group>() : admin.describeGroups({ groups: classic }),
        this.lags(found.map((group) => ({ group }))),
      ]);
      return found.map((name) => ({
        name,
        state: stateOf(all.get(name)?.state ?? ""),
        members: [...described.get(name)?.members.values() ?? []].map(memberOf),
        partitions: lags.filter(({ group }) => group === name).map(({ group: _, ...lag }) => lag),
      }));
    } catch (cause) {
      throw kafkaError("describe the consumer groups", cause);
    }
  }

  /** See `GroupAdmin`. Records of transactions still open do not count. */
  async lags(groups: readonly { group: string; topics?: readonly string[] }[]): Promise<GroupLag[]> {
    if (groups.length === 0) return [];
    const admin = await this.#clients.admin();
    // A new cluster has no coordinator at first, a new partition no leader.
    return await patiently(
      "tell how far consumer groups are behind",
      this.#clock,
      this.#ending,
      () => measure(admin, groups),
    );
  }
}

async function measure(
  admin: Admin,
  groups: readonly { group: string; topics?: readonly string[] }[],
): Promise<GroupLag[]> {
  const names = [...new Set(groups.map(({ group }) => group))];
  const committed = await admin.listConsumerGroupOffsets({ groups: names });
  const topics = [
    ...committed.flatMap((group) => group.topics.map(({ name }) => name)),
    ...groups.flatMap((group) => group.topics ?? []),
  ];
  // A group's commits outlive its topic, and one topic that is gone would fail the request for all.
  const partitions = await partitionsOf(admin, topics);
  const found = new Map<string, Found>();
  const add = (at: Found) => {
    if (at.partition < (partitions.get(at.topic) ?? 0) && !found.has(keyOf(at))) found.set(keyOf(at), at);
  };
  for (const { groupId: group, topics } of committed) {
    for (const { name: topic, partitions } of topics) {
      for (const { partitionIndex: partition, committedOffset } of partitions) {
        if (committedOffset >= 0n) add({ group, topic, partition, committed: Number(committedOffset) });
      }
    }
  }
  for (const { group, topics = [] } of groups) {
    for (const topic of topics) {
      const count = partitions.get(topic) ?? 0;
      for (let partition = 0; partition < count; partition++) {
        add({ group, topic, partition, committed: null });
      }
    }
  }
  const places = [...new Map([...found.values()].map((at) => [placeOf(at), at])).values()];
  const [starts, ends] = await Promise.all([
    listOffsets(admin, places, "earliest"),
    listOffsets(admin, places, "latest"),
  ]);
  const start = new Map(starts.map((at) => [placeOf(at), at.offset]));
  const end = new Map(ends.map((at) => [placeOf(at), at.offset]));
  return [...found.values()].map((at) => {
    const endOffset = end.get(placeOf(at)) ?? 0;
    const reached = Math.max(at.committed ?? 0, start.get(placeOf(at)) ?? 0);
    return { ...at, endOffset, lag: Math.max(0, endOffset - reached) };
  }).sort(inOrder);
}

/** How many partitions these topics have, as far as they exist. */
async function partitionsOf(admin: Admin, topics: readonly string[]): Promise<Map<string, number>> {
  const wanted = new Set(topics);
  if (wanted.size === 0) return new Map();
  const existing = (await topicNames(admin, { includeInternals: true })).filter((topic) => wanted.has(topic));
  if (existing.length === 0) return new Map();
  const metadata = await admin.metadata({ topics: existing, forceUpdate: true });
  return new Map(existing.map((topic) => [topic, metadata.topics.get(topic)?.partitionsCount ?? 0]));
}

interface Found extends TopicPartition {
  group: string;
  committed: number | null;
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

function keyOf({ group, ...at }: TopicPartition & { group: string }): string {
  return JSON.stringify([group, placeOf(at)]);
}

function inOrder(a: GroupLag, b: GroupLag): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

function stateOf(state: string): GroupDescription["state"] {
  switch (state.toUpperCase().replaceAll("_", "")) {
    case "STABLE":
      return "running";
    case "PREPARINGREBALANCE":
    case "COMPLETINGREBALANCE":
    case "ASSIGNING":
    case "RECONCILING":
      return "rebalancing";
    case "EMPTY":
    case "DEAD":
      return "empty";
    default:
      return "unknown";
  }
}

type DescribedMember = Group["members"] extends Map<string, infer Member> ? Member : never;

function memberOf({ id, clientId, clientHost, assignments }: DescribedMember): GroupMember {
  return {
    id,
    client: clientId,
    host: clientHost.replace(/^\//, ""),
    partitions: [...assignments?.values() ?? []].flatMap(({ topic, partitions }) =>
      [...partitions].sort((a, b) => a - b).map((partition) => ({ topic, partition }))
    ),
  };
}
