import type { Json } from "../turn.ts";
import { type Answered, answered, type Dialect, requestOf } from "./dialect.ts";
import { asList, asObject, asText, isEmpty, type JsonObject, rest } from "./json.ts";
import { inputMessages, itemBlocks } from "./responses_item.ts";
import { StreamedResponse } from "./responses_stream.ts";
import { responsesUsage } from "./usage.ts";

/** What has a place in a turn, and what only repeats the request. */
const PLACED = ["id", "object", "model", "output", "usage", "error", "instructions", "tools", "output_text"];

/** Ids of items name nothing that is said, but later requests may point at them. */
function itemIds(output: Json[]): Json[] {
  const ids = output.map((item) => asObject(item)?.id ?? null);
  return ids.some((id) => id !== null) ? ids : [];
}

function answerOf(body: JsonObject, requestModel: string, terminal: boolean, unparsable: string[]): Answered {
  const output = asList(body.output);
  const status = asText(body.status);
  const further = rest(body, ...PLACED);
  if (unparsable.length > 0) further.unparsable = unparsable;
  const ids = itemIds(output);
  return answered({
    answers: [{
      model: asText(body.model) || requestModel,
      message: { role: "assistant", content: output.flatMap(itemBlocks) },
      stop_reason: asText(asObject(body.incomplete_details)?.reason) || status,
      ...(ids.length > 0 ? { further: { item_ids: ids } } : {}),
    }],
    response_id: asText(body.id),
    usage: responsesUsage(body.usage),
    raw_usage: body.usage,
    error: isEmpty(body.error) ? undefined : body.error,
    terminal,
    further,
  });
}

/** OpenAI's `/v1/responses`. */
export const openaiResponses: Dialect = {
  endpoint: "responses",
  request(body) {
    const request = requestOf(body, {
      messages: inputMessages(body.input),
      placed: ["input", "instructions", "previous_response_id"],
      system: body.instructions,
    });
    const previous = asText(body.previous_response_id);
    if (previous !== "") request.previous_response_id = previous;
    return request;
  },
  answer(body, requestModel) {
    if (body.kind === "whole") return answerOf(body.value, requestModel, true, []);
    const stream = new StreamedResponse();
    for (const event of body.events) stream.add(event);
    const answer = answerOf(stream.response, requestModel, stream.terminal || body.done, body.unparsable);
    if (stream.error !== undefined) answer.error ??= stream.error;
    return answer;
  },
};
