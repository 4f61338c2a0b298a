import type { Bus } from "../bus/bus.ts";
import type { AdminAction } from "../http/admin_app.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Registry } from "./registry.ts";

/**
 * Topic of what was done to the agent through its admin listener: `{ action, actor, status, at }`, the time as RFC 3339.
 * It is there where a plugin declares it (one partition, local only).
 */
export const ACTIONS_TOPIC = "capstan.actions.v1";

/** Where actions go. */
export interface AdminActionsOptions {
  readonly registry: Registry;
  readonly bus: Pick<Bus, "publish">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Gives what enters actions of the admin listener into their topic, where somebody reads it. */
export function adminActions(
  { registry, bus, log, now }: AdminActionsOptions,
): (action: AdminAction) => void {
  return (action) => {
    if (!registry.topics.names().includes(ACTIONS_TOPIC)) return;
    const value = { ...action, at: new Date(now()).toISOString() };
    bus.publish([{ topic: ACTIONS_TOPIC, value }]).catch((error: unknown) =>
      log.error("An action could not be entered.", { action: action.action, actor: action.actor, error })
    );
  };
}
