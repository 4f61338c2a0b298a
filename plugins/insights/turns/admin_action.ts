import type { PluginContext, StreamRecord } from "capstan";
import type { AdminActionData } from "../events/audit.ts";
import { type Envelope, NO_TENANT } from "../events/envelope.ts";
import { derivedId } from "../events/event_id.ts";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import {
  type EventStream,
  type HandlerContext,
  registerStream,
  type StreamSettings,
} from "../streams/event_stream.ts";

/** What was done to the agent through its admin listener; this agent's own. */
const ACTIONS_TOPIC = "capstan.actions.v1";

/** A record of that topic. */
interface AdminAction {
  action: string;
  actor: string;
  status: number;
  at: string;
}

/** Registers the stream that makes audit events of administrative actions. */
export function registerAdminActions(ctx: PluginContext, settings: Settings): void {
  ctx.topic({ name: ACTIONS_TOPIC, partitions: 1, localOnly: true });
  registerStream(ctx, { group: "insights-actions", settings }, actionsStream(ctx, settings));
}

/** Makes audit events of them. */
export function actionsStream(_: HandlerContext, settings: StreamSettings): EventStream<AdminAction> {
  const topic = topicName(settings, "audit-events");
  return {
    options: { topics: [ACTIONS_TOPIC], source: "local" },
    handler: ({ records }) =>
      records.map((record) => ({
        topic,
        key: NO_TENANT,
        value: { ...actionEvent(record, settings.source) },
        timestamp: record.timestamp,
      })),
  };
}

/** The event of one action. Its id is of what was done, when and by whom. */
function actionEvent(
  { data, offset }: StreamRecord<AdminAction>,
  source: string,
): Envelope<string, AdminActionData> {
  const { action, actor, status, at } = data;
  return {
    event_id: derivedId("audit.admin_action", at, actor, action, offset),
    event_type: "audit.admin_action",
    tenant_id: NO_TENANT,
    timestamp: at,
    source,
    data: { action, actor, outcome: status < 400 ? "done" : `refused with ${status}` },
  };
}
