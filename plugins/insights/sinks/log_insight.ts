import type { Logger } from "capstan";
import type { InsightEvent } from "../rules/insight_event.ts";

const LEVELS = { info: "info", warning: "warn", critical: "error" } as const;

/** Says an insight in the log: by its severity, or as information where it is over. */
export function logInsight(log: Logger, { event_type, event_id, tenant_id, data }: InsightEvent): void {
  const over = event_type === "insight.resolved";
  log[over ? "info" : LEVELS[data.severity]](data.summary, {
    event: event_type,
    event_id,
    insight_id: data.insight_id,
    rule: data.rule,
    severity: data.severity,
    tenant: tenant_id,
    ...data.group,
    value: data.value,
    threshold: data.threshold,
  });
}
