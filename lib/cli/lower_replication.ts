import type { TopicAdmin, TopicSpec } from "../bus/contract.ts";
import type { WantedTopic } from "../plugin/topics.ts";
import { plural } from "./format.ts";

/** The specs of topics, and what must be said of them. */
export interface LoweredTopics {
  readonly specs: readonly TopicSpec[];
  /** For a person, one sentence; absent where every topic gets the copies it asks for. */
  readonly remark?: string;
}

/** How copies are lowered. */
export interface LowerOptions {
  admin: Pick<TopicAdmin, "describe" | "brokers">;
  wanted: readonly WantedTopic[];
  /** What the caller allows at most. */
  limit: number | undefined;
  /** Whether the configuration says how many copies a topic has. */
  isConfigured(topic: WantedTopic): boolean;
}

/**
 * The specs with as many copies as there can be: at most `limit`; without one, what a plugin declared falls back to the
 * brokers there are, as where an agent starts, and what was configured stays, to be refused. A topic that has as many
 * copies as its spec asks for keeps them.
 */
export async function lowerReplication(
  { admin, wanted, limit, isConfigured }: LowerOptions,
): Promise<LoweredTopics> {
  const specs = wanted.map(({ spec }) => spec);
  if (limit !== undefined) {
    return { specs: await lowered(admin, specs, { limit, mayLower: () => true }) };
  }
  const brokers = await admin.brokers?.();
  if (brokers === undefined) return { specs };
  const declared = new Set(wanted.filter((each) => !isConfigured(each)).map(({ spec }) => spec.name));
  const result = await lowered(admin, specs, { limit: brokers, mayLower: ({ name }) => declared.has(name) });
  const fewer = result.filter((spec, at) => spec !== specs[at]).length;
  if (fewer === 0) return { specs };
  const remark =
    `${plural(fewer, "topic")} asked for more copies than there are brokers and get ${brokers}: ` +
    `the cluster has ${plural(brokers, "broker")}`;
  return { specs: result, remark };
}

async function lowered(
  admin: Pick<TopicAdmin, "describe">,
  specs: readonly TopicSpec[],
  { limit, mayLower }: { limit: number; mayLower(spec: TopicSpec): boolean },
): Promise<readonly TopicSpec[]> {
  const isAbove = (spec: TopicSpec) => (spec.replication ?? 0) > limit && mayLower(spec);
  const above = specs.filter(isAbove);
  if (above.length === 0) return specs;
  const described = await admin.describe(above.map(({ name }) => name));
  const copies = new Map(described.map(({ name, replication }) => [name, replication]));
  return specs.map((spec) =>
    isAbove(spec) && copies.get(spec.name) !== spec.replication ? { ...spec, replication: limit } : spec
  );
}
