import { Hono } from "hono";
import { CATALOG, type InsightsTopic, type TopicName } from "../events/catalog.ts";
import { topicSchema } from "../events/topics.ts";
import type { Envelope } from "../events/envelope.ts";
import type { Caller } from "./caller.ts";
import type { Intake } from "./intake.ts";
import { openApi } from "./openapi.ts";
import { type BodyLimits, readItems } from "./read_body.ts";
import { type EventDefaults, readEvents } from "./read_events.ts";
import { readFeedback } from "./read_feedback.ts";
import { Refusal } from "./refusal.ts";

/** What the API is made of. */
export interface ApiOptions {
  readonly intake: Pick<Intake, "accept">;
  readonly limits: BodyLimits;
  /** Named as the source of events that name none. */
  readonly source: string;
  /** The real name of one of the nine topics. */
  topicName(name: TopicName): string;
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Who calls.
   * @throws {Refusal} 401: it must say who it is.
   */
  callerOf(request: Request): Caller;
  /** A request was taken or refused: for metrics. */
  count(answer: { status: number; events: number }): void;
}

const RETRY_AFTER_S = "1";

/** The HTTP API: feedback, events, topics and their schemas. */
export function api(options: ApiOptions): Hono {
  const app = new Hono();
  const { intake, limits, source, now, callerOf, count, topicName } = options;

  const take = async (
    request: Request,
    topic: TopicName,
    read: (items: readonly unknown[], defaults: EventDefaults) => Envelope[],
  ): Promise<Response> => {
    const caller = callerOf(request);
    const { items, list } = await readItems(request, limits);
    const events = read(items, { caller, source, now: now(), newId: () => `evt-${crypto.randomUUID()}` });
    await intake.accept({ topic, events });
    count({ status: 202, events: events.length });
    const ids = events.map(({ event_id }) => event_id);
    return Response.json(list ? { event_ids: ids } : { event_id: ids[0] }, { status: 202 });
  };

  app.post("/v1/feedback", ({ req }) => take(req.raw, "ai-feedback-events", readFeedback));
  app.post("/v1/events/:topic", ({ req }) => {
    const topic = named(req.param("topic"), topicName);
    return take(req.raw, topic, (items, defaults) => readEvents(topic, items, defaults));
  });
  app.get("/v1/topics", ({ req }) => {
    callerOf(req.raw);
    return Response.json({ topics: describeTopics(topicName) });
  });
  app.get("/v1/topics/:topic/schema", ({ req }) => {
    callerOf(req.raw);
    return Response.json(topicSchema(named(req.param("topic"), topicName)), {
      headers: { "content-type": "application/schema+json" },
    });
  });
  app.get("/v1/openapi.json", () => Response.json(openApi()));
  app.notFound(({ req }) => refused(new Refusal(404, `There is no ${req.method} ${req.path}`)));
  app.onError((error) => {
    // What is no refusal is a bug; the listener it came by says so.
    if (!(error instanceof Refusal)) throw error;
    count({ status: error.status, events: 0 });
    return refused(error);
  });
  return app;
}

function named(name: string, topicName: ApiOptions["topicName"]): TopicName {
  const names = Object.keys(CATALOG) as TopicName[];
  const found = names.find((each) => each === name || topicName(each) === name);
  if (found) return found;
  throw new Refusal(404, `There is no topic ${name}; there are ${names.map(topicName).join(", ")}`);
}

function describeTopics(topicName: ApiOptions["topicName"]) {
  return (Object.keys(CATALOG) as TopicName[]).map((name) => {
    const { doc, partitions, replication, days, types }: InsightsTopic = CATALOG[name];
    return {
      name: topicName(name),
      doc,
      partitions,
      replication,
      retention_days: days,
      event_types: Object.keys(types),
      schema: `/v1/topics/${name}/schema`,
    };
  });
}

/** How a refusal is answered. */
function refused({ status, message, problems }: Refusal): Response {
  const headers: Record<string, string> = {};
  if (status === 429 || status === 503) headers["retry-after"] = RETRY_AFTER_S;
  if (status === 401) headers["www-authenticate"] = "Bearer";
  return Response.json({ error: message, ...(problems.length > 0 && { problems }) }, { status, headers });
}
