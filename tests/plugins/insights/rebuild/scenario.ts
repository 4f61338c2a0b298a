import type { TestAgent, TestRecord } from "capstan/testing";
import type { Reader, SqlRow } from "capstan";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import { answer, aTurn } from "../turns/a_turn.ts";

/** When the first turn starts. */
export const START = Date.UTC(2026, 0, 2, 3, 0, 0);

/** A time so many minutes later. */
export const at = (minute: number) => new Date(START + minute * 60_000).toISOString();

/** A recorded turn that asks for a tool, and brings the result of the tool call of the turn before it. */
export function toolTurn(
  id: number,
  { tenant = "acme", asks = true, brings = true, status = 200 } = {},
): TestRecord {
  const { event } = aTurn({
    id: `turn-${id}`,
    tenant,
    status,
    conversation: `conversation-${tenant}`,
    started_at: at(id),
    first_byte_at: at(id),
    ended_at: at(id + 0.5),
    answers: [
      answer((id % 10).toString(), [
        { type: "text", text: `answer ${id}` },
        ...asks
          ? [{ type: "tool_use", tool_name: "search", tool_input: { q: id }, tool_use_id: `call-${id}` }]
          : [],
      ], asks ? "tool_use" : "end_turn"),
    ],
    ...brings && {
      messages: [{
        hash: "b".repeat(64),
        role: "user",
        content: [{ type: "tool_result", tool_output: "done", tool_result_id: `call-${id - 1}` }],
      }],
    },
  });
  return { value: { ...event }, key: tenant, timestamp: Date.parse(event.ended_at) };
}

/** Feedback on the answer of a turn, given so many minutes after the start. */
export function feedbackOn(turn: number, { minute, tenant = "acme", rating = 1 }: {
  minute: number;
  tenant?: string;
  rating?: number;
}): TestRecord {
  const event: Envelope = {
    event_id: `evt-feedback-${turn}-${minute}`,
    event_type: "feedback.submitted",
    tenant_id: tenant,
    timestamp: at(minute),
    source: "app",
    data: { target: { node_hash: (turn % 10).toString().repeat(64) }, rating },
  };
  return { value: { ...event }, key: tenant, timestamp: Date.parse(event.timestamp) };
}

/** Everything the plugin keeps, by table. */
export function tables(db: Reader): Record<string, SqlRow[]> {
  const names = db.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'insights_*' ORDER BY name",
  );
  return Object.fromEntries(names.map(({ name }) => {
    const columns = db.all<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`).length;
    const order = Array.from({ length: columns }, (_, column) => column + 1).join(", ");
    return [name, db.all(`SELECT * FROM "${name}" ORDER BY ${order}`)];
  }));
}

/** What was published, each as one line, in an order of its own; asking for a rebuild is an action of its own. */
export function published(agent: TestAgent): string[] {
  return agent.published().filter(({ topic, data }) =>
    !["tapes.turns.v1", "capstan.actions.v1", "insights.ticks.v1", "insights.clock.v1"].includes(topic) &&
    (data as Envelope).event_type !== "audit.admin_action"
  ).map(({ topic, partition, data }) => `${topic} ${partition} ${(data as Envelope).event_id}`).sort();
}
