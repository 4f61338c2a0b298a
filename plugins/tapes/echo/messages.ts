import { echoOf, pieces, type Question, words } from "./question.ts";
import { type EchoAnswer, type EchoCall, json } from "./reply.ts";

/** `/v1/messages`, streamed and not. */
export function echoMessages(question: Question, call: EchoCall): EchoAnswer {
  const text = echoOf(question);
  const message = { id: `msg_${call.id}`, type: "message", role: "assistant", model: question.model };
  const usage = { input_tokens: question.inputTokens, output_tokens: words(text) };
  const ending = { stop_reason: "end_turn", stop_sequence: null };
  if (!question.stream) {
    return json(200, { ...message, content: [{ type: "text", text }], ...ending, usage });
  }
  const event = (type: string, fields = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null };
  return {
    status: 200,
    contentType: "text/event-stream",
    parts: [
      event("message_start", { message: { ...start, usage: { ...usage, output_tokens: 0 } } }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      ...pieces(text).map((text) =>
        event("content_block_delta", { index: 0, delta: { type: "text_delta", text } })
      ),
      event("content_block_stop", { index: 0 }),
      event("message_delta", { delta: ending, usage: { output_tokens: usage.output_tokens } }),
      event("message_stop"),
    ],
  };
}
