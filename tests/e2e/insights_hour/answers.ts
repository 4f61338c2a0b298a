import type { Answer } from "./upstream.ts";

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  chunks: [JSON.stringify(value)],
});

/** A message of Anthropic's. */
export function anthropicAnswer(
  name: string,
  content: readonly unknown[],
  stopReason: string,
  usage: Readonly<Record<string, number>> = {},
): Answer {
  return json(200, {
    id: `msg_${name}`,
    type: "message",
    role: "assistant",
    model: "claude-sonnet-4-5-20250929",
    content,
    stop_reason: stopReason,
    stop_sequence: null,
    usage: { input_tokens: 100, output_tokens: 20, ...usage },
  });
}

const USAGE = {
  prompt_tokens: 30,
  completion_tokens: 12,
  total_tokens: 42,
  completion_tokens_details: { reasoning_tokens: 5 },
};

/** A chat completion, whole. */
export function openAiAnswer(
  name: string,
  message: Readonly<Record<string, unknown>>,
  finish = "stop",
): Answer {
  return json(200, {
    id: `chatcmpl-${name}`,
    object: "chat.completion",
    created: 1,
    model: "gpt-4o-mini-2024-07-18",
    choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finish }],
    usage: USAGE,
  });
}

/** A refusal of OpenAI's. */
export function openAiError(name: string, status: number): Answer {
  const error = { message: `${name} was refused`, type: status === 429 ? "rate_limit" : "server_error" };
  return json(status, { error });
}

function chunk(name: string, delta: unknown, rest: Readonly<Record<string, unknown>> = {}): string {
  const finish_reason = rest.finish ?? null;
  return `data: ${
    JSON.stringify({
      id: `chatcmpl-${name}`,
      object: "chat.completion.chunk",
      created: 1,
      model: "gpt-4o-2024-08-06",
      choices: [{ index: 0, delta, finish_reason }],
      ...(rest.usage !== undefined && { usage: rest.usage }),
    })
  }\n\n`;
}

const SSE = { "content-type": "text/event-stream" };

/** A chat completion as a stream. */
export function openAiStream(
  name: string,
  { content, tool_calls }: { content?: string; tool_calls?: readonly object[] },
  finish: string,
): Answer {
  const calls = tool_calls?.map((call, index) => ({ index, ...call }));
  return {
    status: 200,
    headers: SSE,
    chunks: [
      chunk(name, { role: "assistant", content: content === undefined ? null : "" }),
      ...content === undefined ? [] : content.split(/(?<= )/).map((part) => chunk(name, { content: part })),
      ...calls === undefined ? [] : [chunk(name, { tool_calls: calls })],
      chunk(name, {}, { finish, usage: USAGE }),
      "data: [DONE]\n\n",
    ],
  };
}

/** A stream whose connection breaks in the middle. */
export function cutStream(name: string, content: string): Answer {
  return { status: 200, headers: SSE, chunks: [chunk(name, { role: "assistant", content })], cut: true };
}
