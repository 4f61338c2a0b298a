import type { PartitionHooks } from "../stream/arrival.ts";
import type { PartitionChange } from "./protocol.ts";

interface Place {
  topic: string;
  partition: number;
}

interface Watched {
  readonly hooks: PartitionHooks;
  /** What the stream has, by name. */
  readonly owned: Map<string, Place>;
  /** What it was told last, and those before it. Never rejects. */
  last: Promise<void>;
}

/** The partitions that streams of a Worker have, and who is to be told of them: one change after the other. */
export class WorkerPartitions {
  readonly #streams = new Map<string, Watched>();

  /** These are a stream's. */
  watch(stream: string, hooks: PartitionHooks): void {
    this.#streams.set(stream, { hooks, owned: new Map(), last: Promise.resolve() });
  }

  /** Tells a stream's hooks; rejects with what they threw. */
  async take(stream: string, change: PartitionChange): Promise<void> {
    const watched = this.#streams.get(stream);
    if (watched) await inTurn(watched, () => tell(watched, change));
  }

  /** The Worker is no more: nobody has its partitions. Gives what hooks threw. */
  async lost(): Promise<unknown[]> {
    const errors: unknown[] = [];
    await Promise.all([...this.#streams.values()].map(async (watched) => {
      try {
        await inTurn(watched, async () => {
          const went = [...watched.owned.values()];
          if (went.length > 0) await tell(watched, { went });
        });
      } catch (error) {
        errors.push(error);
      }
    }));
    return errors;
  }
}

function inTurn(watched: Watched, work: () => Promise<void>): Promise<void> {
  const done = watched.last.then(work);
  watched.last = done.catch(() => {});
  return done;
}

async function tell({ hooks, owned }: Watched, change: PartitionChange): Promise<void> {
  if ("came" in change) {
    await hooks.onAssigned?.(change.came);
    for (const { topic, partition } of change.came) owned.set(`${partition}/${topic}`, { topic, partition });
  } else {
    for (const { topic, partition } of change.went) owned.delete(`${partition}/${topic}`);
    await hooks.onRevoked?.(change.went);
  }
}
