import type { BusDriver, Position, TopicDescription } from "../contract.ts";

/** Group that remembers how far the letters of each topic have been sent back. */
export const REDRIVE_GROUP = "capstan-dlq-redrive";

/** Group that remembers that this one letter has been sent back, before those in front of it. */
export function singleGroup({ topic, partition, offset }: Position): string {
  return `${REDRIVE_GROUP}.${topic}.${partition}.${offset}`;
}

/** Whether a group is such a memory: how far it is behind says nothing. */
export function isSingleGroup(group: string): boolean {
  return group.startsWith(`${REDRIVE_GROUP}.`);
}

/** Which letters of a topic have been sent back. */
export class Redriven {
  readonly #committed: ReadonlyMap<number, number>;
  readonly #singles: ReadonlySet<string>;

  constructor(committed: ReadonlyMap<number, number>, singles: ReadonlySet<string>) {
    this.#committed = committed;
    this.#singles = singles;
  }

  /** Where the next letter of a partition lies, but for those sent back one by one. */
  next({ partition, startOffset }: TopicDescription["partitions"][number]): number {
    return Math.max(startOffset, this.#committed.get(partition) ?? 0);
  }

  /** Whether this letter has been sent back. */
  has(letter: Position): boolean {
    return letter.offset < (this.#committed.get(letter.partition) ?? 0) ||
      this.#singles.has(singleGroup(letter));
  }
}

/** Asks the bus which letters of a topic have been sent back. */
export async function redrivenOf(bus: BusDriver, topic: string): Promise<Redriven> {
  const groups = (await bus.groups.list()).filter((name) =>
    name === REDRIVE_GROUP || name.startsWith(`${REDRIVE_GROUP}.${topic}.`)
  );
  const lags = await bus.groups.lags(groups.map((group) => ({ group })));
  const committed = lags.filter((each) => each.topic === topic && each.committed !== null);
  return new Redriven(
    new Map(
      committed.filter(({ group }) => group === REDRIVE_GROUP)
        .map(({ partition, committed }) => [partition, committed ?? 0]),
    ),
    new Set(committed.filter(({ group }) => group !== REDRIVE_GROUP).map(({ group }) => group)),
  );
}
