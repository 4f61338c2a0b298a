import * as z from "zod";
import { CATALOG, type InsightsTopic } from "../events/catalog.ts";
import { feedbackRequest } from "./read_feedback.ts";

type JsonObject = Readonly<Record<string, unknown>>;

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: unknown) => ({ "application/json": { schema } });

const one = {
  type: "object",
  properties: { event_id: { type: "string" } },
  required: ["event_id"],
};
const several = {
  type: "object",
  properties: { event_ids: { type: "array", items: { type: "string" } } },
  required: ["event_ids"],
};
const failure = {
  type: "object",
  properties: {
    error: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        properties: {
          item: { type: "integer" },
          field: { type: "string" },
          message: { type: "string" },
        },
        required: ["message"],
      },
    },
  },
  required: ["error"],
};

const FAILURES: JsonObject = Object.fromEntries(
  Object.entries({
    400: "An item is not as its schema says: which field of which item, in `problems`. Nothing was taken.",
    401: "The caller must say who it is.",
    403: "An item is another tenant's than the caller's.",
    413: "The body is too large, or holds too many items.",
    415: "The body is neither JSON nor lines of JSON.",
    429: "Too much waits for the disk.",
    503: "The events can't be stored now.",
  }).map(([status, description]) => [status, { description, content: json(ref("Failure")) }]),
);

function taking(summary: string, schema: unknown): JsonObject {
  return {
    summary,
    requestBody: {
      required: true,
      content: {
        ...json({ oneOf: [schema, { type: "array", items: schema }] }),
        "application/x-ndjson": { schema },
      },
    },
    responses: {
      202: {
        description: "Taken: on disk, each event once whatever is sent again under its event_id.",
        content: json({ oneOf: [ref("Accepted"), ref("AcceptedList")] }),
      },
      ...FAILURES,
    },
  };
}

/** The API's description, OpenAPI 3.1. Schemas are those that events are checked with. */
export function openApi(): JsonObject {
  const types = Object.values(CATALOG).flatMap((topic: InsightsTopic) => Object.entries(topic.types));
  const schemas = Object.fromEntries(types.map(([type, schema]) => [type, plain(schema)]));
  return {
    openapi: "3.1.0",
    info: {
      title: "Capstan insights",
      version: "1",
      description: "Feedback on answers, and events of other services.",
    },
    paths: {
      "/v1/feedback": { post: taking("Judge an answer", ref("FeedbackRequest")) },
      "/v1/events/{topic}": {
        parameters: [{
          name: "topic",
          in: "path",
          required: true,
          schema: { type: "string", enum: Object.keys(CATALOG) },
        }],
        post: taking("Send events of a topic", { oneOf: types.map(([type]) => ref(type)) }),
      },
      "/v1/topics": {
        get: {
          summary: "The topics",
          responses: { 200: { description: "The nine topics.", content: json({}) } },
        },
      },
      "/v1/topics/{topic}/schema": {
        parameters: [{ name: "topic", in: "path", required: true, schema: { type: "string" } }],
        get: {
          summary: "The JSON Schema of a topic's events",
          responses: { 200: { description: "Draft 2020-12." } },
        },
      },
    },
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
      schemas: {
        ...schemas,
        FeedbackRequest: plain(feedbackRequest),
        Accepted: one,
        AcceptedList: several,
        Failure: failure,
      },
    },
    security: [{}, { key: [] }],
  };
}

/** A schema without the line that names its dialect, which is OpenAPI 3.1's own. */
function plain(schema: z.ZodType): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: "input" });
  return rest;
}
