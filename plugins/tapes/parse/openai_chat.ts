import type { Answer, Json } from "../turn.ts";
import {
  type Answered,
  answered,
  cacheBreakpoints,
  type Dialect,
  type Readable,
  requestOf,
} from "./dialect.ts";
import { asList, asObject, asText, isEmpty, type JsonObject, rest } from "./json.ts";
import { openaiMessage } from "./openai_message.ts";
import { StreamedChoice } from "./openai_stream.ts";
import { openaiUsage } from "./usage.ts";

/** `object` and `obfuscation` are about the wire; the others have places in a turn. */
const PLACED = ["id", "model", "choices", "usage", "error", "object", "obfuscation", "type"];
const SKIPPED: ReadonlySet<string> = new Set([...PLACED, "__proto__"]);

interface Choice {
  index: number;
  message: Json;
  stopReason: string;
  further: JsonObject;
}

function answersOf(choices: Choice[], model: string): Answer[] {
  return choices.sort((a, b) => a.index - b.index).map(({ message, stopReason, further }) => ({
    model,
    message: openaiMessage(message, "assistant"),
    stop_reason: stopReason,
    further,
  }));
}

function readWhole(body: JsonObject, requestModel: string): Answered {
  const choices = asList(body.choices).map((value, at): Choice => {
    const choice = asObject(value) ?? {};
    return {
      index: typeof choice.index === "number" ? choice.index : at,
      message: asObject(choice.message) ?? {},
      stopReason: asText(choice.finish_reason),
      further: rest(choice, "index", "message", "finish_reason"),
    };
  });
  return answered({
    answers: answersOf(choices, asText(body.model) || requestModel),
    response_id: asText(body.id),
    usage: openaiUsage(body.usage),
    raw_usage: body.usage,
    error: isEmpty(body.error) ? undefined : body.error,
    terminal: true,
    further: rest(body, ...PLACED),
  });
}

function readStream(
  { events, done, unparsable }: Extract<Readable, { kind: "stream" }>,
  requestModel: string,
) {
  const choices = new Map<number, StreamedChoice>();
  const further: JsonObject = {};
  let id = "", model = "";
  let usage: Json | undefined, error: Json | undefined;
  for (const event of events) {
    id ||= asText(event.id);
    model = asText(event.model) || model;
    if (!isEmpty(event.usage)) usage = event.usage;
    if (!isEmpty(event.error)) error ??= event.error;
    else if (event.type === "error") error ??= event;
    for (const value of asList(event.choices)) {
      const piece = asObject(value) ?? {};
      const index = typeof piece.index === "number" ? piece.index : 0;
      let choice = choices.get(index);
      if (choice === undefined) choices.set(index, choice = new StreamedChoice());
      choice.add(piece);
    }
    for (const key in event) {
      if (SKIPPED.has(key)) continue;
      const value = event[key];
      if (value === undefined || isEmpty(value)) continue;
      further[key] = value;
    }
  }
  if (unparsable.length > 0) further.unparsable = unparsable;
  const found = Array.from(choices, ([index, { message, finishReason, further }]): Choice => ({
    index,
    message,
    stopReason: finishReason,
    further,
  }));
  return answered({
    answers: answersOf(found, model || requestModel),
    response_id: id,
    usage: openaiUsage(usage),
    raw_usage: usage,
    error,
    terminal: done,
    further,
  });
}

/** OpenAI's chat completions, and what speaks as they do. */
export const openaiChat: Dialect = {
  endpoint: "chat-completions",
  request(body) {
    const messages = asList(body.messages).map((message) => openaiMessage(message));
    const request = requestOf(body, { messages });
    const breakpoints = cacheBreakpoints(body.messages);
    if (breakpoints.length > 0) request.parameters.cache_breakpoints = breakpoints;
    return request;
  },
  answer: (body, requestModel) =>
    body.kind === "whole" ? readWhole(body.value, requestModel) : readStream(body, requestModel),
};
