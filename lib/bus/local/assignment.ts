/** A partition as the group shares it out. */
export interface Share {
  /** Of the partition. */
  id: number;
  /** Its topic. */
  topic: string;
  /** Its number in the topic, from 0. */
  partition: number;
  /** The member that has it now, if it is live. */
  owner: string | null;
}

/** A live member and the topics it reads. */
export interface GroupMember {
  /** Its name. */
  member: string;
  /** What it reads. */
  topics: ReadonlySet<string>;
}

/**
 * Shares partitions among live members so that their counts differ by one at most, and takes from nobody more than
 * that needs. Every member computes the same from the same rows. Partitions that nobody reads are left out.
 */
export function assign(shares: readonly Share[], members: readonly GroupMember[]): Map<number, string> {
  const sorted = [...members].sort((a, b) => a.member < b.member ? -1 : 1);
  const held = new Map<string, Share[]>(sorted.map(({ member }) => [member, []]));
  const readers = (share: Share) => sorted.filter(({ topics }) => topics.has(share.topic));
  const count = (member: string) => held.get(member)?.length ?? 0;
  const least = (share: Share) =>
    readers(share).reduce<string | undefined>(
      (best, { member }) => best === undefined || count(member) < count(best) ? member : best,
      undefined,
    );
  const free: Share[] = [];
  for (const share of [...shares].sort((a, b) => a.id - b.id)) {
    const keeps = readers(share).some(({ member }) => member === share.owner);
    if (keeps && share.owner !== null) held.get(share.owner)?.push(share);
    else free.push(share);
  }
  for (const share of free) {
    const member = least(share);
    if (member !== undefined) held.get(member)?.push(share);
  }
  // From who has most to who has least, until one more move would only turn the difference round.
  for (let moved = true; moved;) {
    moved = false;
    for (const [giver, its] of held) {
      const at = its.findLastIndex((share) => {
        const taker = least(share);
        return taker !== undefined && count(giver) - count(taker) > 1;
      });
      const share = its[at];
      const taker = share && least(share);
      if (!share || taker === undefined) continue;
      its.splice(at, 1);
      held.get(taker)?.push(share);
      moved = true;
    }
  }
  return new Map([...held].flatMap(([member, its]) => its.map((share) => [share.id, member] as const)));
}

/**
 * As `assign`, but partitions of one number go to one member, whichever of the topics they are of. What is shared out
 * are the numbers, by the partition of each with the lowest id.
 */
export function assignTogether(
  shares: readonly Share[],
  members: readonly GroupMember[],
): Map<number, string> {
  const read = shares.filter(({ topic }) => members.some(({ topics }) => topics.has(topic)));
  const first = new Map<number, Share>();
  for (const share of [...read].sort((a, b) => a.id - b.id)) {
    if (!first.has(share.partition)) first.set(share.partition, share);
  }
  const wanted = assign([...first.values()], members);
  return new Map(read.flatMap(({ id, partition }): [number, string][] => {
    const member = wanted.get(first.get(partition)?.id ?? id);
    return member === undefined ? [] : [[id, member]];
  }));
}
