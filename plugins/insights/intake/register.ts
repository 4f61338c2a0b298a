import type { Batch, PluginContext, PublishRequest, ServeOptions, Transaction } from "capstan";
import { topicName } from "../events/topics.ts";
import type { Settings } from "../settings.ts";
import { api, type ApiOptions } from "./api.ts";
import { tenantCallers, trustedCaller } from "./callers.ts";
import { type Accepted, Intake } from "./intake.ts";
import { forgetSeen, isNew } from "./seen_events.ts";

/** What was taken by the HTTP API and not yet sent on; this agent's own, never relayed. */
export const INTAKE_TOPIC = "insights.intake.v1";

/** Rows of old event ids removed beside a batch at most. */
const FORGET_ROWS = 1_000;

/** Requests that come so close together are sent on together: each batch is a transaction on the API's own thread. */
const LINGER_MS = 50;

/** While requests come in, what was taken lies so long between two batches, until the oldest has waited `PATIENCE_MS`. */
const REST_MS = 200;
const PATIENCE_MS = 15_000;

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
  registerStream(ctx, settings, async (oldest) => {
    if (intake.waiting > 0 && ctx.now() - oldest < PATIENCE_MS) await ctx.sleep(REST_MS);
  });
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
      handler: nodeHandler(app),
      announce: (origin) => [`insights API (${name}): ${origin}/v1`],
    });
  }
}

/** The routes as node:http calls them. What that takes is loaded by the first request: commands do without. */
function nodeHandler(app: ReturnType<typeof api>): ServeOptions["handler"] {
  let loading: Promise<ServeOptions["handler"]> | undefined;
  const load = async () => {
    const { getRequestListener } = await import("@hono/node-server");
    return getRequestListener(app.fetch, { overrideGlobalObjects: false });
  };
  return (request, response) => {
    (loading ??= load()).then((handler) => handler(request, response))
      .catch((cause: unknown) => response.destroy(cause instanceof Error ? cause : undefined));
  };
}

/** Sends on what was taken, each event once. `rest` is asked before each batch, with the time of its oldest record. */
function registerStream(
  ctx: PluginContext,
  settings: Settings,
  rest: (oldest: number) => Promise<void>,
): void {
  ctx.stream<Accepted>(
    { topics: [INTAKE_TOPIC], group: "insights-intake", source: "local", lingerMs: LINGER_MS },
    async ({ records }) => {
      await rest(records[0]?.timestamp ?? 0);
      return { write: (tx) => sentOn(tx, records, settings) };
    },
  );
}

/** Enters events, and gives those that were not entered before. */
function sentOn(tx: Transaction, records: Batch<Accepted>["records"], settings: Settings): PublishRequest[] {
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
