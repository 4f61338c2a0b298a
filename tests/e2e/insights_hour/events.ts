import type { HourEvent } from "./contents.ts";

/** Something sent to the insights plugin beside the recorded calls. */
export interface ScriptedEvents {
  /** The call it comes before; without one it is sent first of all. */
  readonly before?: string;
  /** Whose key it is sent with. */
  readonly tenant: "acme" | "globex" | "desk";
  /** Below `/v1`; absent: by `capstan feedback`, whose arguments are the body. */
  readonly path?: string;
  readonly body: unknown;
  /** As lines instead of as one JSON value. */
  readonly lines?: true;
}

const MINUTE = 60_000;

/** How many figures of turns and calls of tools other services send of the hour before the calls. */
export const PAST = { figures: 40, calls: 20 };

/** The answer of `orders-4`, which one of the feedbacks names by its node. */
const ORDERS_4 = "7cb56804a410d74df382644fbf37403f3194d19dcfa4086f6ad42adf32e0af99";

/** Feedback of every form, some before the call it judges, and what other services send of the hour before. */
export function scriptedEvents(baseMs: number): ScriptedEvents[] {
  return [
    { tenant: "desk", path: "/events/agent-metrics-events", body: figures(baseMs), lines: true },
    { tenant: "desk", path: "/events/agent-trace-events", body: deployments(baseMs) },
    {
      tenant: "desk",
      path: "/events/audit-events",
      body: {
        event_id: "evt-desk-restart",
        event_type: "audit.admin_action",
        timestamp: new Date(baseMs).toISOString(),
        source: "desk",
        data: { action: "restart", actor: "ops", outcome: "done" },
      },
    },
    {
      before: "orders-1",
      tenant: "globex",
      path: "/feedback",
      body: {
        event_id: "evt-early",
        response_id: "chatcmpl-tickets-2",
        stars: 5,
        comment: "Quick.",
        tags: ["parcel"],
      },
    },
    {
      before: "orders-3",
      tenant: "acme",
      path: "/feedback",
      body: [
        { event_id: "evt-late-1", response_id: "msg_orders-2", thumbs: "down", correction: "Order 7 alone." },
        { event_id: "evt-nothing", response_id: "msg_never", thumbs: "up" },
      ],
    },
    // The same again counts once.
    {
      before: "tickets-2",
      tenant: "acme",
      path: "/feedback",
      body: { event_id: "evt-late-1", response_id: "msg_orders-2", thumbs: "down" },
    },
    {
      before: "planning-1",
      tenant: "acme",
      path: "/feedback",
      body: [{ event_id: "evt-node", node_hash: ORDERS_4, rating: 0.25, user: "kim" }],
      lines: true,
    },
    {
      before: "planning-5",
      tenant: "acme",
      body: ["chatcmpl-planning-4", "--stars", "2", "--tags", "sql", "--event-id", "evt-command"],
    },
    { before: "planning-5", tenant: "globex", body: ["chatcmpl-tickets-1", "--up", "--event-id", "evt-up"] },
  ];
}

const PROBE = "probe";

/** An agent whose calls all fail at once, and that is heard of no more. */
export function probeEvents(ms: number): ScriptedEvents {
  const body = [1, 2, 3].map((turn) => ({
    event_id: `evt-probe-${ms}-${turn}`,
    event_type: "metrics.turn",
    timestamp: new Date(ms).toISOString(),
    source: "desk",
    data: { turn_id: `probe-${ms}-${turn}`, agent: PROBE, model: PROBE, failed: true },
  }));
  return { tenant: "desk", path: "/events/agent-metrics-events", body };
}

/** Whether an event is of that agent, or an insight about it. */
export function isProbe({ data }: HourEvent): boolean {
  const { agent, group } = data as { agent?: string; group?: { agent?: string } };
  return agent === PROBE || group?.agent === PROBE;
}

/** A model that fails for a quarter of an hour: 40 turns, one each 90 s. */
function figures(baseMs: number): unknown[] {
  return Array.from({ length: PAST.figures }, (_, turn) => {
    const ms = turn * 1.5 * MINUTE;
    const failed = ms >= 15 * MINUTE && ms < 30 * MINUTE;
    return {
      event_id: `evt-desk-turn-${turn}`,
      event_type: "metrics.turn",
      timestamp: new Date(baseMs + ms).toISOString(),
      source: "desk",
      data: {
        turn_id: `desk-${turn}`,
        node_hash: turn.toString(16).padStart(64, "0"),
        model: "desk-1",
        agent: "desk",
        failed,
        latency_ms: 1_000 + turn,
      },
    };
  });
}

/** A tool that fails again and again, and then works. */
function deployments(baseMs: number): unknown[] {
  return Array.from({ length: PAST.calls }, (_, call) => {
    const at = new Date(baseMs + call * 3 * MINUTE).toISOString();
    const failed = call >= 5 && call < 12;
    return {
      event_id: `evt-desk-call-${call}`,
      event_type: "trace.tool",
      timestamp: at,
      source: "desk",
      data: {
        turn_id: `desk-${call}`,
        conversation: "desk",
        agent: "desk",
        trace_id: "d".repeat(32),
        span_id: call.toString(16).padStart(16, "0"),
        name: "execute_tool deploy",
        kind: "internal",
        started_at: at,
        ended_at: at,
        status: failed ? "error" : "ok",
        tool: "deploy",
        attributes: {},
      },
    };
  });
}
