import type { Admin } from "@platformatic/kafka";

/** What brokers said of a topic, as far as it is read here. */
interface AnsweredTopic {
  readonly name: string;
  readonly isInternal: boolean;
}

/**
 * Names of the cluster's topics. The library refuses the whole list while one partition of anybody's topic has no
 * leader, as when a broker is away or a topic is being made; it is taken out of the error, which holds it.
 * @throws whatever else the library throws.
 */
export async function topicNames(
  admin: Pick<Admin, "listTopics">,
  { includeInternals = false }: { includeInternals?: boolean } = {},
): Promise<string[]> {
  try {
    return await admin.listTopics({ includeInternals });
  } catch (error) {
    const topics = answeredTopics(error);
    if (topics === undefined) throw error;
    return topics.filter(({ isInternal }) => includeInternals || !isInternal).map(({ name }) => name);
  }
}

function answeredTopics(error: unknown): readonly AnsweredTopic[] | undefined {
  if (!(error instanceof AggregateError)) return undefined;
  if ("response" in error) {
    const { topics } = error.response as { topics?: unknown };
    return Array.isArray(topics) ? topics : undefined;
  }
  for (const inner of error.errors) {
    const found = answeredTopics(inner);
    if (found) return found;
  }
}
