import { echoOf, pieces, type Question, words } from "./question.ts";
import { type EchoAnswer, type EchoCall, json } from "./reply.ts";

/** `/v1/chat/completions`, streamed and not. */
export function echoChatCompletions(question: Question, call: EchoCall): EchoAnswer {
  const text = echoOf(question);
  const base = { id: `chatcmpl-${call.id}`, created: Math.floor(call.now / 1000), model: question.model };
  const usage = {
    prompt_tokens: question.inputTokens,
    completion_tokens: words(text),
    total_tokens: question.inputTokens + words(text),
  };
  if (!question.stream) {
    const message = { role: "assistant", content: text };
    return json(200, {
      ...base,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage,
    });
  }
  const chunk = (choices: unknown[], more = {}) =>
    `data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", choices, ...more })}\n\n`;
  const delta = (delta: unknown, finish_reason: string | null = null) => [{ index: 0, delta, finish_reason }];
  return {
    status: 200,
    contentType: "text/event-stream",
    parts: [
      chunk(delta({ role: "assistant", content: "" })),
      ...pieces(text).map((content) => chunk(delta({ content }))),
      chunk(delta({}, "stop")),
      ...(question.includeUsage ? [chunk([], { usage })] : []),
      "data: [DONE]\n\n",
    ],
  };
}
