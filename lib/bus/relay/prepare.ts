import type { Logger } from "../../telemetry/logger.ts";
import type { TopicAdmin, TopicSpec } from "../contract.ts";
import { ReplicationError } from "../kafka/replication_error.ts";

/**
 * Creates the topic where it is missing, with as many copies as there are brokers where it asks for more; one that is
 * there is left as it is. Gives the number of its partitions. Throws what the cluster throws.
 */
export async function prepareTopic(topics: TopicAdmin, spec: TopicSpec, log: Logger): Promise<number> {
  const [existing] = await topics.describe([spec.name]);
  if (existing !== undefined) return existing.partitions.length;
  try {
    await topics.apply([spec]);
  } catch (error) {
    if (!(error instanceof ReplicationError)) throw error;
    const { topic, replication, brokers } = error;
    log.warn("Topic is created with fewer copies than it asks for: there are not enough brokers", {
      topic,
      replication,
      brokers,
    });
    await topics.apply([{ ...spec, replication: brokers }]);
  }
  return spec.partitions;
}
