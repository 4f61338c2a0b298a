import type { Batch, PublishRequest, Transaction } from "capstan";
import { topicName } from "../events/topics.ts";
import type { EventStream, HandlerContext, StreamSettings } from "../streams/event_stream.ts";
import type { Accepted } from "./intake.ts";
import { forgetSeen, isNew } from "./seen_events.ts";

/** What was taken by the HTTP API and not yet sent on; this agent's own, never relayed. */
export const INTAKE_TOPIC = "insights.intake.v1";

/** Rows of old event ids removed beside a batch at most. */
const FORGET_ROWS = 1_000;

/** Requests that come so close together are sent on together: each batch is a transaction. */
const LINGER_MS = 50;

/** Sends on what was taken, each event once. */
export function intakeStream(_: HandlerContext, settings: StreamSettings): EventStream<Accepted> {
  return {
    options: { topics: [INTAKE_TOPIC], source: "local", lingerMs: LINGER_MS },
    handler: ({ records }) => ({ write: (tx) => sentOn(tx, records, settings) }),
  };
}

/** Enters events, and gives those that were not entered before. */
function sentOn(
  tx: Transaction,
  records: Batch<Accepted>["records"],
  settings: StreamSettings,
): PublishRequest[] {
  const now = Math.max(...records.map(({ timestamp }) => timestamp));
  const requests = records.flatMap(({ data, timestamp }) =>
    data.events.flatMap((event): PublishRequest[] => {
      const topic = topicName(settings, data.topic);
      const seen = { topic, tenant: event.tenant_id, eventId: event.event_id, seenMs: timestamp };
      if (!isNew(tx, seen)) return [];
      return [{ topic, key: event.tenant_id, value: { ...event }, timestamp: Date.parse(event.timestamp) }];
    })
  );
  forgetSeen(tx, now - settings.api.remember_ids, FORGET_ROWS);
  return requests;
}
