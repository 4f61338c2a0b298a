import type { PluginContext } from "capstan";
import { topicName } from "../events/topics.ts";
import type { InsightEvent } from "../rules/insight_event.ts";
import type { Settings } from "../settings.ts";
import { logInsight } from "./log_insight.ts";
import { Webhook } from "./webhook.ts";

const SEVERITIES = ["info", "warning", "critical"] as const;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** Registers what insights go to beside their topic. Each has a group of its own: none waits for another. */
export function registerSinks(
  ctx: Pick<PluginContext, "stream" | "log" | "now" | "sleep">,
  settings: Settings,
): void {
  const topics = [topicName(settings, "ai-insights")];
  if (settings.log_insights) {
    const log = ctx.log;
    ctx.stream<InsightEvent | null>(
      { topics, group: "insights-log", from: "latest", delivery: "at-least-once" },
      ({ records }) => {
        for (const { data } of records) if (data !== null) logInsight(log, data);
      },
    );
  }
  for (const [name, given] of Object.entries(settings.webhooks)) {
    const { url, secret, timeout, attempts, tenants } = given;
    const refuse = (why: string): never => {
      throw new Error(`Cannot take plugins.insights.webhooks.${name}: ${why}`);
    };
    if (!NAME.test(name)) refuse("its name must be 1 to 64 letters, digits or _ -; rename it");
    if (url === undefined) return refuse("it has no url; set its url or url_file, or remove it");
    if (!URL.canParse(url)) refuse("its url is no address; set one as https://hooks.example.com/capstan");
    const webhook = new Webhook({
      name,
      url,
      secret,
      timeoutMs: timeout,
      now: () => ctx.now(),
      sleep: (ms, signal) => ctx.sleep(ms, signal),
    });
    const least = SEVERITIES.indexOf(given.min_severity);
    const wanted = ({ tenant_id, data }: InsightEvent) =>
      SEVERITIES.indexOf(data.severity) >= least && (tenants.length === 0 || tenants.includes(tenant_id));
    ctx.stream<InsightEvent | null>({
      topics,
      group: `insights-webhook-${name}`,
      from: "latest",
      delivery: "at-least-once",
      attempts,
      // One by one: what fails is tried again alone, and what comes after it waits.
      maxRecords: 1,
      lingerMs: 0,
    }, async ({ records, signal }) => {
      for (const { data } of records) if (data !== null && wanted(data)) await webhook.post(data, signal);
    });
  }
}
