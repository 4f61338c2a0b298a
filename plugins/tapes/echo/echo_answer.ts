import { echoMessages } from "./messages.ts";
import { echoChatCompletions } from "./chat_completions.ts";
import { echoOllama } from "./ollama.ts";
import { type Question, readQuestion } from "./question.ts";
import { type EchoAnswer, type EchoCall, json } from "./reply.ts";
import { echoResponses } from "./responses.ts";

/** Answers one request. `id` is unique to it; `now` is milliseconds since 1970. */
export function echoAnswer(
  request: { method: string; target: string; body: string; id: string; now: number },
): EchoAnswer {
  const path = request.target.split("?", 1)[0]!;
  if (request.method === "GET" || request.method === "HEAD") return listing(path);
  const answer = speakers.find(([pattern]) => pattern.test(path))?.[1];
  if (request.method !== "POST" || !answer) return notFound(path);
  let question: Question;
  try {
    question = readQuestion(request.body);
  } catch (error) {
    return json(400, { error: { type: "bad_request", message: (error as Error).message } });
  }
  return answer(question, { id: request.id, now: request.now, path });
}

const speakers: readonly [RegExp, (question: Question, call: EchoCall) => EchoAnswer][] = [
  [/\/chat\/completions$/, echoChatCompletions],
  [/\/messages$/, echoMessages],
  [/\/responses$/, echoResponses],
  [/\/api\/(chat|generate)$/, echoOllama],
];

function listing(path: string): EchoAnswer {
  if (/\/models$/.test(path)) {
    return json(200, {
      object: "list",
      data: [{ id: "echo", object: "model", created: 0, owned_by: "capstan" }],
    });
  }
  if (/\/api\/tags$/.test(path)) return json(200, { models: [{ name: "echo", model: "echo", size: 0 }] });
  return notFound(path);
}

function notFound(path: string): EchoAnswer {
  const message =
    `Cannot answer ${path}: the echo knows chat/completions, messages, responses, api/chat and api/generate`;
  return json(404, { error: { type: "not_found", message } });
}
