import type { BusDriver, BusRecord, TopicDescription } from "../bus/contract.ts";
import { deadLetterTopic, isDeadLetterTopic, originTopic } from "../bus/stream/dead_letters.ts";
import type { ConfigCall } from "./configuration.ts";
import { openBus } from "./open_bus.ts";

/** Dead letters of the bus. */
export interface OpenLetters extends AsyncDisposable {
  readonly bus: BusDriver;
  /** Real name of a topic; the user may have given its name in code. */
  topicName(given: string): string;
  /** Every dead-letter topic there is, by name. */
  topics(): Promise<TopicDescription[]>;
  /**
   * The dead-letter topic of a topic, given by its real name or the one in code, with `.dlq` or without.
   * @throws {Error} there is none; says which there are.
   */
  topic(given: string): Promise<TopicDescription>;
}

/** Opens the bus for commands about dead letters; see `openBus`. */
export async function openLetters(
  call: ConfigCall,
  options: { local: boolean; write: boolean },
): Promise<OpenLetters> {
  const open = await openBus(call, options);
  const { bus, topicName } = open;
  const topics = async () =>
    (await bus.topics.describe()).filter(({ name }) => isDeadLetterTopic(name))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  return {
    bus,
    topicName,
    topics,
    async topic(given) {
      const name = deadLetterTopic(topicName(originTopic(given)));
      const [found] = await bus.topics.describe([name]);
      if (found) return found;
      const there = (await topics()).map((topic) => topic.name);
      throw new Error(
        `Cannot find dead letters of "${given}": there is no topic ${name}; ` +
          (there.length === 0 ? "there are no dead-letter topics yet" : `there are ${there.join(", ")}`),
      );
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

/** Records of one partition that are read. */
export interface ReadRange {
  topic: string;
  partition: number;
  /** The first offset, and the one behind the last. */
  from: number;
  to: number;
}

/** Milliseconds one read waits at most. */
const WAIT_MS = 1_000;

/** Records of a part of a partition, in lots; for nobody's group. */
export async function* readRange(
  bus: BusDriver,
  { topic, partition, from, to }: ReadRange,
  signal: AbortSignal,
): AsyncGenerator<BusRecord[]> {
  if (from >= to) return;
  await using reader = await bus.open({
    group: null,
    topics: [topic],
    partitions: [partition],
    from: { offset: from },
  });
  while ((reader.position({ topic, partition }) ?? 0) < to) {
    signal.throwIfAborted();
    const batch = await reader.receive({ max: 500, maxBytes: 1 << 20, waitMs: WAIT_MS, signal });
    const records = batch?.records.filter(({ offset }) => offset < to) ?? [];
    if (records.length > 0) yield records;
  }
}
