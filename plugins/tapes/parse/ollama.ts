import type { Answer, Block, Json, Message } from "../turn.ts";
import { addFurther, strangeBlock, toolResultBlock, toolUseBlock } from "./blocks.ts";
import { type Answered, answered, type Dialect, type Readable, requestOf } from "./dialect.ts";
import { asList, asObject, asText, isEmpty, type JsonObject, rest } from "./json.ts";
import { mergeDelta } from "./merge.ts";
import { OLLAMA_METRICS, ollamaUsage } from "./usage.ts";

function toolCallBlock(call: Json): Block {
  const source = asObject(call);
  if (source === undefined) return strangeBlock(call);
  const called = asObject(source.function) ?? {};
  const block = toolUseBlock(asText(source.id), asText(called.name), called.arguments);
  const more = addFurther(block, source, { without: ["id", "index", "function"] });
  return addFurther(more, called, { without: ["name", "arguments", "index"] });
}

function contentBlocks(content: Json | undefined): Block[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return asList(content).map((part) => {
    const source = asObject(part);
    return source
      ? addFurther({ type: asText(source.type) }, source, { verbatim: true })
      : strangeBlock(part);
  });
}

function imageBlock(image: Json): Block {
  return typeof image === "string" ? { type: "image", image_base64: image } : { type: "image", value: image };
}

/** The blocks of a message: thinking, text, images, tool calls. */
function blocksOf(source: JsonObject, role: string): Block[] {
  const blocks: Block[] = [];
  if (typeof source.thinking === "string" && source.thinking !== "") {
    blocks.push({ type: "thinking", thinking: source.thinking });
  }
  const without = ["role", "content", "images", "tool_calls"];
  if (typeof source.thinking === "string") without.push("thinking");
  const tool = asText(source.tool_name), id = asText(source.tool_call_id);
  if (role === "tool" && (tool !== "" || id !== "")) {
    without.push("tool_name", "tool_call_id");
    const block = toolResultBlock(id, source.content);
    if (tool !== "") block.tool_name = tool;
    blocks.push(block);
  } else {
    blocks.push(...contentBlocks(source.content));
  }
  blocks.push(...asList(source.images).map(imageBlock), ...asList(source.tool_calls).map(toolCallBlock));
  const extra = addFurther({ type: "extra" }, source, { without });
  if (Object.keys(extra).length > 1) blocks.push(extra);
  return blocks;
}

function ollamaMessage(value: Json): Message {
  const source = asObject(value);
  if (source === undefined) return { role: "", content: [strangeBlock(value)] };
  const role = asText(source.role);
  return { role, content: blocksOf(source, role) };
}

/** The message that an object of `/api/generate` brings. */
function generatedMessage({ response, thinking, images, image, tool_calls }: JsonObject): JsonObject {
  const message: JsonObject = {};
  if (response !== undefined) message.content = response;
  if (thinking !== undefined) message.thinking = thinking;
  if (tool_calls !== undefined) message.tool_calls = tool_calls;
  if (Array.isArray(images)) message.images = images;
  if (typeof image === "string" && image !== "") message.images = [image];
  return message;
}

const HEAD = ["model", "message", "done", "done_reason", "error", ...OLLAMA_METRICS];
const GENERATED = ["response", "thinking", "images", "image", "tool_calls"];

/** An unstreamed answer is a stream of one object. */
function readAnswer(body: Readable, requestModel: string, generate: boolean): Answered {
  const message: JsonObject = {}, further: JsonObject = {}, metrics: JsonObject = {};
  let model = "", reason = "", done = false;
  let error: Json | undefined;
  for (const event of body.kind === "whole" ? [body.value] : body.events) {
    model = asText(event.model) || model;
    if (!isEmpty(event.error)) error ??= event.error;
    mergeDelta(message, generate ? generatedMessage(event) : asObject(event.message) ?? {});
    if (event.done === true) done = true;
    reason = asText(event.done_reason) || reason;
    for (const key of OLLAMA_METRICS) if (typeof event[key] === "number") metrics[key] = event[key];
    const { logprobs, ...others } = rest(event, ...HEAD, ...(generate ? GENERATED : []));
    if (logprobs !== undefined) mergeDelta(further, { logprobs });
    Object.assign(further, others);
  }
  if (body.kind === "stream" && body.unparsable.length > 0) further.unparsable = body.unparsable;
  const role = asText(message.role) || "assistant";
  const blocks = blocksOf(message, role);
  const answer: Answer = {
    model: model || requestModel,
    message: { role, content: blocks.length > 0 ? blocks : null },
    stop_reason: reason || (done ? "stop" : ""),
  };
  return answered({
    answers: [answer],
    usage: ollamaUsage(metrics),
    raw_usage: metrics,
    error,
    terminal: done || (body.kind === "stream" && body.done),
    further,
  });
}

/** Ollama's `/api/chat`. */
export const ollamaChat: Dialect = {
  endpoint: "ollama-chat",
  request: (body) => requestOf(body, { messages: asList(body.messages).map(ollamaMessage), streams: true }),
  answer: (body, requestModel) => readAnswer(body, requestModel, false),
};

/** Ollama's `/api/generate`. */
export const ollamaGenerate: Dialect = {
  endpoint: "ollama-generate",
  request(body) {
    const blocks = blocksOf({ content: body.prompt ?? "", images: body.images ?? [] }, "user");
    const messages = blocks.length > 0 ? [{ role: "user", content: blocks }] : [];
    return requestOf(body, {
      messages,
      streams: true,
      placed: ["prompt", "images", "system"],
      system: body.system,
    });
  },
  answer: (body, requestModel) => readAnswer(body, requestModel, true),
};
