import type { GroupAdmin, Subscription } from "../bus/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ConsumerSettings } from "./consumer_config.ts";
import { type ClientBus, openClientBus } from "./open_client_bus.ts";

/** What a consumer reads by. */
export interface Reader {
  /** Gives and commits records. */
  readonly subscription: Pick<Subscription, "receive" | "commit" | "seek">;
  /** Looks at the groups of its bus, where that is the client's own. */
  readonly groups?: GroupAdmin;
  /** Whether the same call may succeed later without anybody changing anything. */
  isRetryable(error: unknown): boolean;
  /** Leaves the group and lets go of the bus. */
  close(): Promise<void>;
}

/** What the consumer wants to be told. */
export interface ReaderOptions {
  /** Takes what no caller is told. */
  log: Logger;
  /** Partitions go to another member; awaited where the bus can wait. */
  onRevoked(partitions: readonly { topic: string; partition: number }[]): Promise<void>;
  /** Reading can't go on; every poll says so. */
  onFailure(error: unknown): void;
}

/**
 * Opens the bus and a subscription; resolves when it is known where reading starts.
 * @throws what the bus says: an unknown topic, no broker, wrong credentials.
 */
export async function openReader(settings: ConsumerSettings, options: ReaderOptions): Promise<Reader> {
  const { topics, sessionTimeoutMs, extra } = settings;
  const heartbeatMs = extra.heartbeatIntervalMs ??
    Math.max(1, Math.min(1_000, Math.floor(sessionTimeoutMs / 10)));
  const bus = await openClientBus(settings, {
    kafka: {
      log: options.log,
      memberTimes: { sessionMs: sessionTimeoutMs, heartbeatMs, rebalanceMs: extra.rebalanceTimeoutMs },
    },
    local: { log: options.log, leaseMs: sessionTimeoutMs, heartbeatMs },
  });
  try {
    for (const topic of topics) await bus.ready(topic);
    const subscription = await subscribe(bus, settings, options);
    return {
      subscription,
      groups: bus.driver.groups,
      isRetryable: (error) => bus.driver.isRetryable(error),
      close: async () => {
        try {
          await subscription[Symbol.asyncDispose]();
        } finally {
          await bus.close();
        }
      },
    };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function subscribe(
  bus: ClientBus,
  settings: ConsumerSettings,
  options: ReaderOptions,
): Promise<Subscription> {
  const { topics, groupId: group, autoOffsetReset } = settings;
  return await bus.driver.open({
    group,
    topics,
    // With "none" nothing starts without a committed offset.
    from: autoOffsetReset === "latest" ? "latest" : "earliest",
    onAssigned: (partitions) => {
      const lost = autoOffsetReset === "none"
        ? partitions.find(({ committed }) => committed === null)
        : undefined;
      if (lost === undefined) return;
      // Not thrown: the bus would only try again. No record is given out any more.
      options.onFailure(
        new Error(
          `Cannot read partition ${lost.partition} of "${lost.topic}": group "${group}" has committed no offset there and ` +
            'autoOffsetReset is "none"; commit one, or choose "earliest" or "latest"',
        ),
      );
    },
    onRevoked: (partitions) => options.onRevoked(partitions),
  });
}
