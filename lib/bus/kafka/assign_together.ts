import type {
  ClusterMetadata,
  ExtendedGroupProtocolSubscription,
  GroupPartitionsAssignments,
} from "@platformatic/kafka";

/**
 * Shares partitions out so that those of one number go to one member, whichever of the topics they are of. The library's
 * own round robin goes on from topic to topic where it left off.
 */
export function assignTogether(
  _leader: string,
  members: ReadonlyMap<string, ExtendedGroupProtocolSubscription>,
  topics: ReadonlySet<string>,
  { topics: known }: Pick<ClusterMetadata, "topics">,
): GroupPartitionsAssignments[] {
  const ids = [...members.keys()].sort();
  return ids.map((memberId, at) => ({
    memberId,
    assignments: new Map([...topics].map((topic) => {
      const count = known.get(topic)?.partitionsCount ?? 0;
      const partitions = Array.from({ length: count }, (_, partition) => partition);
      return [topic, { topic, partitions: partitions.filter((partition) => partition % ids.length === at) }];
    })),
  }));
}
