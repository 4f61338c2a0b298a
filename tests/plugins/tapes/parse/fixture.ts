import assert from "node:assert/strict";
import type { Call, CallMeta, ProviderType } from "../../../../plugins/tapes/call.ts";
import { bucketOf, nodeHash } from "../../../../plugins/tapes/hash.ts";
import { parseCall } from "../../../../plugins/tapes/parse/call.ts";
import type { Json, Parsed, Turn } from "../../../../plugins/tapes/turn.ts";

/** A body: bytes, a text, or a value written as JSON. */
export type BodyInput = Uint8Array | string | { [key: string]: unknown } | unknown[];

/** The bytes of a body. */
export function bytesOf(body: BodyInput): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** A recorded call to `target`. */
export function callTo(
  target: string,
  request: BodyInput,
  answer: BodyInput,
  change: Partial<CallMeta> = {},
): Call {
  const asked = bytesOf(request), answered = bytesOf(answer);
  const type: ProviderType = target.includes("/messages")
    ? "anthropic"
    : target.includes("/api/")
    ? "ollama"
    : "openai";
  const meta: CallMeta = {
    v: 1,
    id: "01900000-0000-7000-8000-000000000000",
    started_at: 1,
    ended_at: 2,
    method: "POST",
    target,
    provider: type,
    provider_type: type,
    upstream: "http://127.0.0.1:9",
    status: 200,
    request_headers: { "content-type": "application/json" },
    response_headers: {
      "content-type": typeof answer === "string" ? "text/event-stream" : "application/json",
    },
    outcome: "complete",
    request_bytes: asked.length,
    response_bytes: answered.length,
    ...change,
  };
  return { meta, request: asked, response: answered };
}

/** The turn of a call that must have one. */
export function turnOf(call: Call): Turn {
  const parsed = parseCall(call);
  assert.ok("turn" in parsed, `no turn: ${JSON.stringify(parsed)}`);
  return parsed.turn;
}

/** Why a call that must have no turn has none. */
export function reasonOf(call: Call): Extract<Parsed, { reason: string }> {
  const parsed = parseCall(call);
  assert.ok("reason" in parsed, "there is a turn");
  return parsed;
}

/** The hashes of a turn's answers, as if each were a root. */
export function answerHashes(turn: Turn): string[] {
  return turn.answers.map(({ message, model }) =>
    nodeHash(bucketOf(message, { model, provider: "p" }), null)
  );
}

/** Events as an SSE body; those with a `type` get an `event:` line. */
export function sse(events: (Json | "[DONE]")[], { newline = "\n" }: { newline?: string } = {}): string {
  return events.map((event) => {
    const type = event !== null && typeof event === "object" && !Array.isArray(event)
      ? event.type
      : undefined;
    const data = event === "[DONE]" ? event : JSON.stringify(event);
    const lines = typeof type === "string" ? [`event: ${type}`, `data: ${data}`] : [`data: ${data}`];
    return [...lines, "", ""].join(newline);
  }).join("");
}

/** Objects as an NDJSON body. */
export function ndjson(objects: Json[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}

/** Chunks of one streamed choice of chat completions, with its end. */
export function chatChunks(deltas: { [key: string]: Json }[], finish = "stop", index = 0): Json[] {
  const chunk = (delta: { [key: string]: Json }, finish_reason: string | null): Json => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m-1",
    choices: [{ index, delta, logprobs: null, finish_reason }],
  });
  return [...deltas.map((delta) => chunk(delta, null)), chunk({}, finish)];
}

/** An unstreamed answer of chat completions. */
export function chatAnswer(messages: { [key: string]: Json }[], finish = "stop"): { [key: string]: Json } {
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m-1",
    choices: messages.map((message, index) => ({ index, message, logprobs: null, finish_reason: finish })),
  };
}

/** Events of a streamed message of Anthropic's, given the events of its blocks. */
export function messageEvents(blocks: Json[], stop = "end_turn"): Json[] {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m-1",
    content: [],
    stop_reason: null,
  };
  return [
    { type: "message_start", message: { ...message, usage: { input_tokens: 3, output_tokens: 1 } } },
    ...blocks,
    { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: "message_stop" },
  ];
}

/** Events of one block: its start, its deltas, its end. */
export function blockEvents(index: number, start: Json, deltas: Json[]): Json[] {
  return [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta): Json => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

/** An unstreamed message of Anthropic's. */
export function messageAnswer(content: Json[], stop = "end_turn"): { [key: string]: Json } {
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m-1",
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 9 },
  };
}
