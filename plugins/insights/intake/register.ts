import type { PluginContext } from "capstan";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { registerStream } from "../streams/event_stream.ts";
import { api, type ApiOptions } from "./api.ts";
import { tenantCallers, trustedCaller } from "./callers.ts";
import { Intake } from "./intake.ts";
import { INTAKE_TOPIC, intakeStream } from "./intake_stream.ts";

/** Registers the HTTP API, on the admin listener and on listeners of the plugin's own, and the stream behind it. */
export function registerIntake(ctx: PluginContext, settings: Settings): void {
  ctx.topic({ name: INTAKE_TOPIC, partitions: 1, localOnly: true, retentionMs: 0 });
  const intake = new Intake({
    producer: ctx.producer(INTAKE_TOPIC),
    maxWaiting: settings.api.max_waiting,
  });
  const requests = ctx.counter({
    name: "api_requests_total",
    help: "Requests of the HTTP API that brought events, by the status they were answered with.",
    labels: ["status"],
  });
  const events = ctx.counter({ name: "api_events_total", help: "Events the HTTP API has taken." });
  ctx.gauge({
    name: "api_waiting_bytes",
    help: "Bytes of events that wait for the disk.",
    collect: () => intake.waiting,
  });
  const shared: Omit<ApiOptions, "callerOf"> = {
    intake,
    limits: { maxBytes: settings.api.max_body, maxItems: settings.api.max_items },
    source: settings.source,
    topicName: (name) => topicName(settings, name),
    now: () => ctx.now(),
    count({ status, events: taken }) {
      requests.inc({ status: String(status) });
      if (taken > 0) events.inc(undefined, taken);
    },
  };
  registerRoutes(ctx, (tenant) => api({ ...shared, callerOf: (request) => trustedCaller(request, tenant) }));
  registerListeners(ctx, settings, shared);
  registerStream(ctx, { group: "insights-intake", settings }, intakeStream(ctx, settings));
}

function registerRoutes(
  ctx: Pick<PluginContext, "route">,
  appOf: (tenant: string | undefined) => ReturnType<typeof api>,
): void {
  const any = appOf(undefined);
  for (const [method, path, role] of ROUTES) {
    ctx.route(
      method,
      path,
      (request, _, { tenant }) => (tenant === undefined ? any : appOf(tenant)).fetch(request),
      { role },
    );
  }
}

const ROUTES = [
  ["POST", "/v1/feedback", "feedback"],
  ["POST", "/v1/events/:topic", "feedback"],
  ["GET", "/v1/topics", "read"],
  ["GET", "/v1/topics/:topic/schema", "read"],
  ["GET", "/v1/openapi.json", "read"],
] as const;

function registerListeners(
  ctx: Pick<PluginContext, "serve">,
  { api: { listeners, keys } }: Settings,
  shared: Omit<ApiOptions, "callerOf">,
): void {
  const known = Object.entries(keys).map(([name, { key, tenant }]) => {
    if (key !== undefined) return { key, tenant };
    throw new Error(
      `Cannot take plugins.insights.api.keys.${name}: it has no key; set its key_file, or remove it`,
    );
  });
  for (const [name, { listen, tenant }] of Object.entries(listeners)) {
    if (tenant === undefined && known.length === 0) {
      throw new Error(
        `Cannot open plugins.insights.api.listeners.${name}: it has no tenant and there is no key; set its tenant, or ` +
          "[plugins.insights.api.keys.NAME] with tenant and key_file",
      );
    }
    const app = api({ ...shared, callerOf: tenantCallers({ tenant, keys: known }) });
    ctx.serve({
      name: `api ${name}`,
      listen,
      setting: `plugins.insights.api.listeners.${name}.listen`,
      fetch: (request) => app.fetch(request),
      announce: (origin) => [`insights API (${name}): ${origin}/v1`],
    });
  }
}
