import type { Plugin } from "capstan";

/** What the events of all nine topics have in common. */
interface Event {
  event_id: string;
  event_type: string;
  tenant_id: string;
  data: Record<string, unknown>;
}

const TOPICS = [
  "ai-feedback-events",
  "ai-learning-signals",
  "ai-insights",
  "agent-thinking-events",
  "agent-decision-events",
  "agent-trace-events",
  "agent-metrics-events",
  "query-lineage-events",
  "audit-events",
];

const settings = {
  tenant: { type: "string", default: "", doc: "Only events of this tenant; empty: of all." },
} as const;

export default {
  name: "consume_nine",
  doc: "Counts the events of the nine topics of insights, and says which insights there are.",
  config: settings,
  setup(ctx, { tenant }) {
    const seen = ctx.counter({
      name: "events_total",
      help: "Events of the nine topics, by type.",
      labels: ["type"],
    });
    const handler = (topic: string, event: Event) => {
      if (tenant !== "" && event.tenant_id !== tenant) return;
      seen.inc({ type: event.event_type });
      if (topic === "ai-insights") ctx.log.info(String(event.data.summary), { tenant: event.tenant_id });
    };
    ctx.stream<Event>({ topics: TOPICS }, ({ topic, records }) => {
      for (const { data } of records) handler(topic, data);
    });
  },
} satisfies Plugin<typeof settings>;
