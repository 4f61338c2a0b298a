import { goneAgents } from "../access/agent_file.ts";
import type { LocalBus } from "../bus/local/local_bus.ts";
import type { Logger } from "../telemetry/logger.ts";

/**
 * Takes the agents of this file out of their groups that were killed and are gone for certain, so that nobody waits for
 * the end of their leases. Should one be wrong, it is fenced at its next commit and joins again.
 */
export async function takeOver(log: LocalBus, storeFile: string, logger: Logger): Promise<void> {
  try {
    for (const { pid, owner, startedAt } of await goneAgents(storeFile)) {
      if (owner === undefined) continue;
      const members = await log.release(owner);
      if (members > 0) {
        logger.info("An agent has ended without a word; its work is taken over at once.", {
          pid,
          started_at: startedAt,
        });
      }
    }
  } catch (error) {
    logger.warn("Killed agents could not be looked for; their leases end by themselves.", { error });
  }
}
