import type { Call, CallMeta } from "../../../../plugins/tapes/call.ts";

const encoder = new TextEncoder();

/** A message of a chat. */
export interface ChatMessage {
  role: string;
  content: unknown;
  tool_calls?: unknown;
  tool_call_id?: string;
}

/** A call's id from a small number. */
export function callId(number: number): string {
  const hex = number.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** A call with these bodies; the number gives id and times. */
export function callOf(
  number: number,
  request: unknown,
  response: unknown,
  change: Partial<CallMeta> = {},
): Call {
  const asked = encoder.encode(JSON.stringify(request));
  const answered = encoder.encode(JSON.stringify(response));
  const meta: CallMeta = {
    v: 1,
    id: callId(number),
    started_at: 1_763_680_000_000 + number * 1000,
    first_byte_at: 1_763_680_000_200 + number * 1000,
    ended_at: 1_763_680_000_500.25 + number * 1000,
    method: "POST",
    target: "/v1/chat/completions",
    provider: "openai",
    provider_type: "openai",
    upstream: "http://127.0.0.1:9",
    project: "demo",
    status: 200,
    request_headers: { "content-type": "application/json" },
    response_headers: { "content-type": "application/json" },
    outcome: "complete",
    request_bytes: asked.length,
    response_bytes: answered.length,
    ...change,
  };
  return { meta, request: asked, response: answered };
}

/** A chat completion: messages, and what the model said. */
export function chat(
  number: number,
  messages: readonly ChatMessage[],
  answer: string | object | readonly (string | object)[],
  change: Partial<CallMeta> & { body?: object } = {},
): Call {
  const { body, ...meta } = change;
  const answers = Array.isArray(answer) ? answer : [answer];
  const choices = answers.map((each, index) => ({
    index,
    message: typeof each === "string" ? { role: "assistant", content: each } : each,
    finish_reason: "stop",
  }));
  return callOf(
    number,
    { model: "small", messages, ...body },
    {
      id: `chatcmpl-${number}`,
      object: "chat.completion",
      model: "small",
      choices,
      usage: {
        prompt_tokens: 10 * messages.length,
        completion_tokens: 5,
        total_tokens: 10 * messages.length + 5,
      },
    },
    meta,
  );
}

/** A call of the Responses API. */
export function respond(
  number: number,
  input: unknown,
  answer: string,
  change: Partial<CallMeta> & { previous?: string; id?: string } = {},
): Call {
  const { previous, id, ...meta } = change;
  return callOf(
    number,
    { model: "small", input, ...(previous ? { previous_response_id: previous } : {}) },
    {
      id: id ?? `resp_${number}`,
      object: "response",
      status: "completed",
      model: "small",
      output: [{
        type: "message",
        id: `msg_${number}`,
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: answer, annotations: [] }],
      }],
      usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
    },
    { target: "/v1/responses", ...meta },
  );
}

/** A message of the user. */
export function user(content: string): ChatMessage {
  return { role: "user", content };
}

/** A message of the assistant, as a client repeats it. */
export function assistant(content: string): ChatMessage {
  return { role: "assistant", content };
}
