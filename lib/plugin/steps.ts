import type { Logger } from "../telemetry/logger.ts";
import { errorChain } from "../telemetry/plain.ts";

/** Steps of a stop, each done whatever the others come to. */
export class StopSteps {
  /** What could not be done, one sentence each. */
  readonly left: string[] = [];

  constructor(private readonly log: Logger) {}

  /** Does one step; a failure is noted, not thrown. */
  async run(what: string, work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.left.push(`${what}: ${errorChain(error)}`);
      this.log.warn(`Stopping: ${what} did not finish.`, { error });
    }
  }

  /** Does steps at the same time. */
  async all<T>(items: Iterable<T>, what: (item: T) => string, work: (item: T) => unknown): Promise<void> {
    await Promise.all([...items].map((item) => this.run(what(item), () => work(item))));
  }
}

/** Resolves or rejects as `work` does, but rejects when `signal` aborts first: the work is then left alone. */
export async function within<T>(signal: AbortSignal, work: PromiseLike<T> | T): Promise<T> {
  if (signal.aborted) {
    // Nobody is told any more what came of it.
    Promise.resolve(work).then(undefined, () => {});
    throw signal.reason;
  }
  const over = Promise.withResolvers<never>();
  const abort = () => over.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([Promise.resolve(work), over.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    over.promise.catch(() => {});
  }
}
