import type { Call, CallMeta } from "../call.ts";
import type { Answer, Endpoint, Json, NoNodes, Parsed, TurnRequest } from "../turn.ts";
import { anthropicMessages } from "./anthropic.ts";
import { type Body, readBody } from "./body.ts";
import { decodeBody } from "./decode.ts";
import type { Answered, Dialect, Readable } from "./dialect.ts";
import { endpointOf, endpointOfPath, endpointsOfRequest } from "./endpoint.ts";
import { asObject, asText, isEmpty, type JsonObject, parseJson } from "./json.ts";
import { ollamaChat, ollamaGenerate } from "./ollama.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiResponses } from "./responses.ts";

const DIALECTS: Record<Endpoint, Dialect> = {
  "chat-completions": openaiChat,
  "messages": anthropicMessages,
  "ollama-chat": ollamaChat,
  "ollama-generate": ollamaGenerate,
  "responses": openaiResponses,
};

/** How a call is parsed. */
export interface ParseOptions {
  /** Most bytes of a body when its Content-Encoding is undone; 256 MiB unless set. */
  maxDecodedBytes?: number;
}

const MAX_DECODED_BYTES = 256 * 1024 * 1024;

/** Why there is no turn, and what was understood before. */
type Refused = Extract<Parsed, { reason: NoNodes }>;

function refused(reason: NoNodes, detail: string, known: Partial<Refused> = {}): Refused {
  return { ...known, reason, detail };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/** The request's object, or why it can't begin a turn. */
function readRequest({ meta, request }: Call, limit: number): { body: JsonObject } | Refused {
  const known = Boolean(endpointOfPath(meta.target));
  if (meta.method !== "POST" || request.length === 0) return refused("not-a-chat", noChat(meta));
  const decoded = decodeBody(request, meta.request_headers, limit);
  if ("trouble" in decoded) return refused("undecodable", `the request can't be decoded: ${decoded.trouble}`);
  let body: JsonObject | undefined;
  try {
    body = asObject(parseJson(decoded.text));
  } catch (cause) {
    if (!known) return refused("not-a-chat", noChat(meta));
    return refused("unparsable-request", `the request is no JSON that can be read: ${messageOf(cause)}`);
  }
  if (body !== undefined) return { body };
  return known
    ? refused("unparsable-request", "the request's JSON is no object")
    : refused("not-a-chat", noChat(meta));
}

function noChat({ method, target }: CallMeta): string {
  return `${method} ${target} is no conversation`;
}

/** What went wrong, in the provider's words. */
function errorText(error: Json | undefined): string {
  const object = asObject(error);
  const inner = asObject(object?.error);
  const text = asText(error) || asText(inner?.message) || asText(object?.error) || asText(object?.message) ||
    asText(object?.detail) || asText(inner?.type) || asText(object?.type);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

/** Why a call's end gives no answer to read, if it does. */
function endOf(
  { outcome, error, status }: CallMeta,
  answer: Body,
): { reason: NoNodes; detail: string } | undefined {
  if (outcome === "blocked") {
    return { reason: "blocked", detail: error ?? "the answer was withheld: it could not be stored" };
  }
  if (status === undefined) return { reason: "no-answer", detail: error ?? "the upstream gave no answer" };
  if (status === 200) return undefined;
  const said = answer.kind === "whole" ? errorText(answer.value) : "";
  return { reason: "status", detail: `the provider answered ${status}${said && `: ${said}`}` };
}

/** Whether an answer has anything in it. A text that is empty is nothing yet. */
function saysSomething({ message }: Answer): boolean {
  return message.content?.some((block) => block.type !== "text" || Object.keys(block).length > 1) ?? false;
}

/** Ollama answers so when it is only asked to load a model or to let go of it. */
function isLoad({ answers }: Answered): boolean {
  return answers.every(({ stop_reason: reason }) => reason === "load" || reason === "unload");
}

function turnOf(endpoint: Endpoint, request: TurnRequest, answer: Answered): Parsed {
  const { answers, error, terminal } = answer;
  const known: Partial<Refused> = error === undefined ? { request, endpoint } : { request, endpoint, error };
  const none = (detail: string) => refused("empty-answer", detail, known);
  if (!answers.some(saysSomething)) {
    const text = errorText(error);
    if (error !== undefined) return none(`the provider reported an error${text && `: ${text}`}`);
    if (answers.length === 0) return none("the answer has no choice");
    if (endpoint === "responses") return none("the response has no output");
    if (!terminal && answers.every((one) => one.stop_reason === "")) {
      return none("the answer ended before anything was said");
    }
    if (isLoad(answer)) return none("the model was loaded or unloaded, not asked");
  }
  // Of a cut answer, choices that had not begun are none.
  if (!terminal) answer.answers = answers.filter((one) => one.stop_reason !== "" || saysSomething(one));
  return { turn: { endpoint, request, ...answer } };
}

function readAnswer(body: Readable, endpoint: Endpoint, request: TurnRequest): Parsed {
  try {
    return turnOf(endpoint, request, DIALECTS[endpoint].answer(body, request.model));
  } catch (cause) {
    // Not expected of any input; but one call must never stop those after it.
    return refused("unparsable-answer", `the answer can't be read: ${messageOf(cause)}`, {
      request,
      endpoint,
    });
  }
}

function parse(call: Call, limit: number): Parsed {
  const { meta } = call;
  if (meta.not_captured !== undefined) {
    return refused(meta.not_captured, `not recorded: ${meta.not_captured}`);
  }
  if (meta.outcome === "tunnelled") return refused("upgrade", "the connection became a tunnel");
  const asked = readRequest(call, limit);
  if ("reason" in asked) return asked;
  const possible = endpointsOfRequest(asked.body, meta.target);
  if (possible.length === 0) return refused("not-a-chat", noChat(meta));
  const decoded = decodeBody(call.response, meta.response_headers, limit);
  const answer: Body = "text" in decoded
    ? readBody(decoded.text)
    : { kind: "unparsable", detail: decoded.trouble };
  const readable = answer.kind === "unparsable" ? undefined : answer;
  const endpoint = endpointOf(possible, {
    target: meta.target,
    providerType: meta.provider_type,
    ...(readable && meta.status === 200 ? { answer: readable } : {}),
  });
  if (endpoint === undefined) return refused("not-a-chat", noChat(meta));
  const request = DIALECTS[endpoint].request(asked.body);
  const known = { request, endpoint };
  const end = endOf(meta, answer);
  if (end !== undefined) {
    const error = readable?.kind === "whole" ? { error: readable.value.error ?? readable.value } : {};
    return refused(end.reason, end.detail, { ...known, ...error });
  }
  if ("trouble" in decoded) {
    return refused("undecodable", `the answer can't be decoded: ${decoded.trouble}`, known);
  }
  if (readable === undefined) {
    const reason = decoded.text.trim() === "" ? "empty-answer" : "unparsable-answer";
    return refused(
      reason,
      `the answer can't be read: ${messageOf(answer.kind === "unparsable" ? answer.detail : "")}`,
      known,
    );
  }
  if (isForeign(readable, endpoint)) {
    return refused("unparsable-answer", `the answer is none of ${endpoint}`, known);
  }
  return readAnswer(readable, endpoint, request);
}

/** Whether an unstreamed body has neither what its API answers with nor an error. */
function isForeign(answer: Readable, endpoint: Endpoint): boolean {
  if (answer.kind === "stream" || !isEmpty(answer.value.error)) return false;
  const member = { "chat-completions": "choices", messages: "content", responses: "output" };
  if (endpoint === "ollama-chat") return asObject(answer.value.message) === undefined;
  if (endpoint === "ollama-generate") return typeof answer.value.response !== "string";
  return !Array.isArray(answer.value[member[endpoint]]);
}

/**
 * Understands a recorded call: by the shape of its bodies first, by its path second, by its provider's type last.
 * Streamed or not, the same answer gives the same turn. Never throws: what can't be understood has a reason.
 */
export function parseCall(call: Call, { maxDecodedBytes = MAX_DECODED_BYTES }: ParseOptions = {}): Parsed {
  try {
    return parse(call, maxDecodedBytes);
  } catch (cause) {
    return refused("unparsable-request", `the call can't be read: ${messageOf(cause)}`);
  }
}
