import type { Endpoint, Json, Turn, TurnRequest } from "../turn.ts";
import type { Body } from "./body.ts";
import { asList, asObject, asText, isEmpty, type JsonObject } from "./json.ts";

/** A body that can be read. */
export type Readable = Exclude<Body, { kind: "unparsable" }>;

/** What an answer's body says. */
export type Answered = Omit<Turn, "endpoint" | "request">;

/** How one API puts things. Neither function throws for anything that `parseJson` gives. */
export interface Dialect {
  /** The API. */
  endpoint: Endpoint;
  /** Reads a request's body. */
  request(body: JsonObject): TurnRequest;
  /** Reads an answer's body. `requestModel` is the answer's model where it names none. */
  answer(body: Readable, requestModel: string): Answered;
}

/** The keys of a request's body that have a place of their own in a turn. */
const PLACED: ReadonlySet<string> = new Set(["model", "messages", "tools", "stream"]);

/** What the dialects' requests have in common. */
export function requestOf(
  body: JsonObject,
  { messages, streams = false, placed = [], system }: {
    messages: TurnRequest["messages"];
    /** Whether the API streams unless told otherwise. */
    streams?: boolean;
    /** Further keys of the body that have a place in the turn. */
    placed?: string[];
    system?: Json;
  },
): TurnRequest {
  const parameters = Object.fromEntries(
    Object.entries(body).filter(([key, value]) =>
      !placed.includes(key) && (!PLACED.has(key) || (key === "tools" && !Array.isArray(value)))
    ),
  );
  const request: TurnRequest = {
    model: asText(body.model),
    messages,
    parameters,
    stream: typeof body.stream === "boolean" ? body.stream : streams,
  };
  if (!isEmpty(system)) request.system = system;
  if (Array.isArray(body.tools) && body.tools.length > 0) request.tools = body.tools;
  const user = asText(body.user) || asText(body.safety_identifier) ||
    asText(asObject(body.metadata)?.user_id);
  if (user !== "") request.user = user;
  return request;
}

/** Where a request's messages ask for a cache: message and part, and how. They are no part of what is said. */
export function cacheBreakpoints(messages: Json | undefined): Json[] {
  const found: Json[] = [];
  asList(messages).forEach((message, at) => {
    asList(asObject(message)?.content).forEach((part, index) => {
      const control = asObject(part)?.cache_control;
      if (!isEmpty(control)) found.push({ message: at, part: index, cache_control: control ?? null });
    });
  });
  return found;
}

/** Removes members that are empty, so that an answer's parts have only what was said. */
export function answered(answer: Answered): Answered {
  if (isEmpty(answer.further)) delete answer.further;
  if (answer.error === undefined) delete answer.error;
  if (answer.usage === undefined) delete answer.usage;
  if (isEmpty(answer.raw_usage)) delete answer.raw_usage;
  if (!answer.response_id) delete answer.response_id;
  for (const one of answer.answers) if (isEmpty(one.further)) delete one.further;
  return answer;
}
