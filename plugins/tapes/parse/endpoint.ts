import type { ProviderType } from "../call.ts";
import type { Endpoint } from "../turn.ts";
import type { Readable } from "./dialect.ts";
import { asObject, asText, type JsonObject } from "./json.ts";

/** How paths end, the longer first. `null`: not a conversation, whatever the body looks like. */
const PATHS: readonly [end: string, endpoint: Endpoint | null][] = [
  ["/messages/count_tokens", null],
  ["/messages/batches", null],
  ["/responses/input_tokens", null],
  ["/responses/compact", null],
  ["/embeddings", null],
  ["/embed", null],
  ["/moderations", null],
  ["/tokenize", null],
  ["/audio/speech", null],
  ["/images/generations", null],
  ["/chat/completions", "chat-completions"],
  ["/completions", null],
  ["/messages", "messages"],
  ["/responses", "responses"],
  ["/api/chat", "ollama-chat"],
  ["/api/generate", "ollama-generate"],
];

const BY_TYPE: Record<ProviderType, Endpoint> = {
  openai: "chat-completions",
  anthropic: "messages",
  ollama: "ollama-chat",
};

/** What a path says: an endpoint, `null` for one that is no conversation, `undefined` for a path not known. */
export function endpointOfPath(target: string): Endpoint | null | undefined {
  const path = target.replace(/[?#].*$/s, "").replace(/\/+$/, "").toLowerCase();
  return PATHS.find(([end]) => path.endsWith(end))?.[1];
}

function endpointOfObject(value: JsonObject): Endpoint | undefined {
  const type = asText(value.type);
  if (Array.isArray(value.choices)) return "chat-completions";
  if (type === "message" || type.startsWith("message_") || type.startsWith("content_block_")) {
    return "messages";
  }
  if (value.object === "response" || type.startsWith("response.")) return "responses";
  const ollama = "done" in value || "created_at" in value;
  if (ollama && asObject(value.message) !== undefined) return "ollama-chat";
  return ollama && typeof value.response === "string" ? "ollama-generate" : undefined;
}

/** Which API an answer looks like. */
export function endpointOfAnswer(body: Readable): Endpoint | undefined {
  if (body.kind === "whole") return endpointOfObject(body.value);
  for (const event of body.events) {
    const endpoint = endpointOfObject(event);
    if (endpoint !== undefined) return endpoint;
  }
  return undefined;
}

/** Which APIs a request could be of, by its body and path. Empty: it is no conversation. */
export function endpointsOfRequest(body: JsonObject, target: string): Endpoint[] {
  if (Array.isArray(body.messages)) return ["chat-completions", "messages", "ollama-chat"];
  if (endpointOfPath(target) === null) return [];
  const found: Endpoint[] = [];
  const { input, prompt } = body;
  const asked = typeof input === "string" || Array.isArray(input);
  if (asked || typeof body.previous_response_id === "string" || asObject(prompt) !== undefined) {
    found.push("responses");
  }
  if (typeof prompt === "string" || Array.isArray(body.images)) found.push("ollama-generate");
  return found;
}

/**
 * The API of a call out of those its request could be of: by the shape of its answer first, by its path second, by
 * its provider last. `undefined`: it is no conversation.
 */
export function endpointOf(
  possible: readonly Endpoint[],
  { target, providerType, answer }: { target: string; providerType: ProviderType; answer?: Readable },
): Endpoint | undefined {
  const byAnswer = answer && endpointOfAnswer(answer);
  if (byAnswer && possible.includes(byAnswer)) return byAnswer;
  const byPath = endpointOfPath(target);
  if (byPath === null) return undefined;
  if (byPath && possible.includes(byPath)) return byPath;
  // Many things take an `input` or a `prompt`; only a list of messages speaks for itself.
  const byType = BY_TYPE[providerType];
  return possible.includes(byType) ? byType : undefined;
}
