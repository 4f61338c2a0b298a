import { echoOf, pieces, type Question, words } from "./question.ts";
import { type EchoAnswer, type EchoCall, json } from "./reply.ts";

/** `/v1/responses`, streamed and not. */
export function echoResponses(question: Question, call: EchoCall): EchoAnswer {
  const text = echoOf(question);
  const part = { type: "output_text", text, annotations: [] };
  const item = {
    id: `msg_${call.id}`,
    type: "message",
    role: "assistant",
    status: "completed",
    content: [part],
  };
  const usage = {
    input_tokens: question.inputTokens,
    output_tokens: words(text),
    total_tokens: question.inputTokens + words(text),
  };
  const base = { id: `resp_${call.id}`, object: "response", created_at: Math.floor(call.now / 1000) };
  const answer = { ...base, status: "completed", model: question.model, output: [item], usage };
  if (!question.stream) return json(200, answer);
  let sequence_number = 0;
  const event = (type: string, fields = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...fields })}\n\n`;
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  const begun = { ...base, status: "in_progress", model: question.model, output: [] };
  return {
    status: 200,
    contentType: "text/event-stream",
    parts: [
      event("response.created", { response: begun }),
      event("response.output_item.added", {
        output_index: 0,
        item: { ...item, status: "in_progress", content: [] },
      }),
      event("response.content_part.added", { ...place, part: { ...part, text: "" } }),
      ...pieces(text).map((delta) => event("response.output_text.delta", { ...place, delta })),
      event("response.output_text.done", { ...place, text }),
      event("response.content_part.done", { ...place, part }),
      event("response.output_item.done", { output_index: 0, item }),
      event("response.completed", { response: answer }),
    ],
  };
}
