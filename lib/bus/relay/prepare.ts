import type { Logger } from "../../telemetry/logger.ts";
import type { TopicAdmin, TopicSpec } from "../contract.ts";
import { ReplicationError } from "../kafka/replication_error.ts";

/**
 * Creates the topics that are missing, with as many copies as there are brokers where they ask for more, and says so in
 * one line; those that are there are left as they are. Gives the number of partitions of each. Throws what the cluster
 * throws.
 */
export async function prepareTopics(
  topics: TopicAdmin,
  specs: readonly TopicSpec[],
  log: Logger,
): Promise<number[]> {
  const described = await topics.describe(specs.map(({ name }) => name));
  const existing = new Map(described.map(({ name, partitions }) => [name, partitions.length]));
  const missing = specs.filter(({ name }) => !existing.has(name));
  if (missing.length > 0) await create(topics, missing, log);
  return specs.map(({ name, partitions }) => existing.get(name) ?? partitions);
}

async function create(topics: TopicAdmin, specs: readonly TopicSpec[], log: Logger): Promise<void> {
  const [only, ...more] = specs.map(({ name }) => name);
  const made = more.length === 0 ? `Made topic ${only}` : `Made ${specs.length} topics`;
  try {
    await topics.apply(specs);
    log.info(`${made}.`);
  } catch (error) {
    if (!(error instanceof ReplicationError)) throw error;
    const { brokers } = error;
    const lowered = specs.map((spec) =>
      (spec.replication ?? 0) > brokers ? { ...spec, replication: brokers } : spec
    );
    await topics.apply(lowered);
    const fewer = lowered.filter((spec, at) => spec !== specs[at]).length;
    const which = fewer === specs.length ? "" : `${fewer} of them `;
    const copies = counted(brokers, "copy", "copies");
    log.warn(
      `${made}, ${which}with ${copies}, fewer than asked for: the cluster has ${counted(brokers, "broker")}.`,
    );
  }
  log.debug("Made topics.", { topics: specs });
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
