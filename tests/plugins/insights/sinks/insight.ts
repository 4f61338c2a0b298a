import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";

/** An insight of a tenant's. */
export function insight(id: string, given: {
  tenant?: string;
  severity?: InsightEvent["data"]["severity"];
} = {}): InsightEvent {
  const { tenant = "acme", severity = "warning" } = given;
  return {
    event_id: `evt-${id}`,
    event_type: "insight.opened",
    tenant_id: tenant,
    timestamp: "2026-01-01T00:10:00.000Z",
    source: "capstan",
    data: {
      insight_id: `ins-${id}`,
      rule: "errors",
      kind: "error_rate",
      severity,
      group: { model: "gpt-4o" },
      value: 0.5,
      threshold: 0.2,
      samples: 10,
      window: { start: "2026-01-01T00:00:00.000Z", end: "2026-01-01T00:10:00.000Z" },
      opened_at: "2026-01-01T00:10:00.000Z",
      evidence: [],
      summary: "50% of 10 calls of model gpt-4o failed — é.",
    },
  };
}
