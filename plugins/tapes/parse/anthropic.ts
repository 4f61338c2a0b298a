import type { Json } from "../turn.ts";
import { anthropicBlock, anthropicMessage } from "./anthropic_block.ts";
import { StreamedMessage } from "./anthropic_stream.ts";
import { type Answered, answered, cacheBreakpoints, type Dialect, requestOf } from "./dialect.ts";
import { asList, asText, isEmpty, type JsonObject, rest } from "./json.ts";
import { anthropicUsage } from "./usage.ts";

interface Ending {
  error?: Json;
  terminal: boolean;
  unparsable: string[];
}

function answerOf(body: JsonObject, requestModel: string, { error, terminal, unparsable }: Ending): Answered {
  const content = asList(body.content).map(anthropicBlock);
  const further = rest(body, "id", "type", "role", "model", "content", "stop_reason", "usage", "error");
  if (unparsable.length > 0) further.unparsable = unparsable;
  return answered({
    answers: [{
      model: asText(body.model) || requestModel,
      message: { role: asText(body.role) || "assistant", content },
      stop_reason: asText(body.stop_reason),
    }],
    response_id: asText(body.id),
    usage: anthropicUsage(body.usage),
    raw_usage: body.usage,
    error: error ?? (isEmpty(body.error) ? undefined : body.error),
    terminal,
    further,
  });
}

/** Anthropic's `/v1/messages`. */
export const anthropicMessages: Dialect = {
  endpoint: "messages",
  request(body) {
    const messages = asList(body.messages).map((message) => anthropicMessage(message));
    const request = requestOf(body, { messages, placed: ["system"], system: body.system });
    const breakpoints = cacheBreakpoints(body.messages);
    if (breakpoints.length > 0) request.parameters.cache_breakpoints = breakpoints;
    return request;
  },
  answer(body, requestModel) {
    if (body.kind === "whole") return answerOf(body.value, requestModel, { terminal: true, unparsable: [] });
    const stream = new StreamedMessage();
    for (const event of body.events) stream.add(event);
    const { message, error, terminal } = stream;
    return answerOf(message, requestModel, { error, terminal, unparsable: body.unparsable });
  },
};
