import type { TopicAdmin, TopicSpec } from "../bus/contract.ts";

/**
 * The specs with at most `limit` copies, for a cluster of fewer brokers. A topic that has as many copies as its spec
 * asks for keeps them.
 */
export async function lowerReplication(
  admin: Pick<TopicAdmin, "describe">,
  specs: readonly TopicSpec[],
  limit: number | undefined,
): Promise<readonly TopicSpec[]> {
  if (limit === undefined) return specs;
  const above = specs.filter(({ replication = 0 }) => replication > limit);
  if (above.length === 0) return specs;
  const described = await admin.describe(above.map(({ name }) => name));
  const copies = new Map(described.map(({ name, replication }) => [name, replication]));
  return specs.map((spec) =>
    (spec.replication ?? 0) <= limit || copies.get(spec.name) === spec.replication
      ? spec
      : { ...spec, replication: limit }
  );
}
