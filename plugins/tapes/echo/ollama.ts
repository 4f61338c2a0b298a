import { echoOf, pieces, type Question, words } from "./question.ts";
import { type EchoAnswer, type EchoCall, json } from "./reply.ts";

/** `/api/chat` and `/api/generate`, streamed (as Ollama does unless told otherwise) and not. */
export function echoOllama(question: Question, call: EchoCall): EchoAnswer {
  const text = echoOf(question);
  const generates = call.path.endsWith("/generate");
  const base = { model: question.model, created_at: new Date(call.now).toISOString() };
  const said = (content: string) =>
    generates ? { response: content } : { message: { role: "assistant", content } };
  const end = {
    done: true,
    done_reason: "stop",
    total_duration: 0,
    prompt_eval_count: question.inputTokens,
    eval_count: words(text),
  };
  if (question.stream === false) return json(200, { ...base, ...said(text), ...end });
  return {
    status: 200,
    contentType: "application/x-ndjson",
    parts: [
      ...pieces(text).map((piece) => `${JSON.stringify({ ...base, ...said(piece), done: false })}\n`),
      `${JSON.stringify({ ...base, ...said(""), ...end })}\n`,
    ],
  };
}
