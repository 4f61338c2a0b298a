import type { Block, Json, Message } from "../turn.ts";
import { addFurther, strangeBlock, textBlock, toolResultBlock, toolUseBlock } from "./blocks.ts";
import { asList, asObject, asText, type JsonObject } from "./json.ts";

/** Parts that are plain text, whoever says them. */
const TEXT_PARTS: ReadonlySet<string> = new Set(["input_text", "output_text", "text"]);

function partBlock(part: Json): Block {
  const source = asObject(part);
  if (source === undefined) return strangeBlock(part);
  const type = asText(source.type);
  if (TEXT_PARTS.has(type) && typeof source.text === "string") {
    return addFurther(textBlock(source.text), source, { without: ["text", "logprobs"] });
  }
  if (type === "input_image" || type === "output_image") {
    const block: Block = { type: "image" };
    const url = typeof source.image_url === "string" ? source.image_url : undefined;
    if (url) block.image_url = url;
    return addFurther(block, source, { without: url === undefined ? [] : ["image_url"] });
  }
  return addFurther({ type }, source);
}

function contentBlocks(content: Json | undefined): Block[] {
  return typeof content === "string" ? [textBlock(content)] : asList(content).map(partBlock);
}

function messageBlocks(item: JsonObject): Block[] {
  const blocks = contentBlocks(item.content);
  const without = ["role", "content", "id", "status"];
  const extra = addFurther({ type: "extra" }, item, { without });
  return Object.keys(extra).length > 1 ? [...blocks, extra] : blocks;
}

function texts(parts: Json | undefined): string[] {
  return asList(parts).map((part) => asText(asObject(part)?.text)).filter((text) => text !== "");
}

/** Thinking is the reasoning itself, else its summary; with both, the summary stands beside it. */
function reasoningBlock(item: JsonObject): Block {
  const content = texts(item.content), summary = texts(item.summary);
  const block: Block = { type: "thinking" };
  const thinking = content.length > 0 ? content : summary;
  if (thinking.length > 0) block.thinking = thinking.join("\n\n");
  if (summary.length > 1 || (summary.length > 0 && content.length > 0)) block.summary = summary;
  return addFurther(block, item, { without: ["id", "status", "content", "summary"] });
}

function callBlock(item: JsonObject, type: string): Block {
  const without = ["id", "status", "call_id", "name"];
  if (type === "function_call") {
    const block = toolUseBlock(asText(item.call_id), asText(item.name), item.arguments);
    return addFurther(block, item, { without: [...without, "arguments"] });
  }
  const block = toolUseBlock(asText(item.call_id), asText(item.name), undefined);
  block.tool_type = "custom";
  // A custom tool's input is a text of any kind, not arguments in JSON.
  if (item.input !== undefined && item.input !== "") block.tool_arguments = item.input;
  return addFurther(block, item, { without: [...without, "input"] });
}

/** The blocks of an item that a model gave, or a client gives back. */
export function itemBlocks(value: Json): Block[] {
  const item = asObject(value);
  if (item === undefined) return [strangeBlock(value)];
  const type = asText(item.type) || (item.role === undefined ? "" : "message");
  switch (type) {
    case "message":
      return messageBlocks(item);
    case "reasoning":
      return [reasoningBlock(item)];
    case "function_call":
    case "custom_tool_call":
      return [callBlock(item, type)];
    case "function_call_output":
    case "custom_tool_call_output": {
      const block = toolResultBlock(asText(item.call_id), item.output);
      return [addFurther(block, item, { without: ["id", "status", "call_id", "output"] })];
    }
    default:
      return [addFurther({ type }, item, { verbatim: true })];
  }
}

function roleOf(item: JsonObject | undefined): string {
  const role = asText(item?.role);
  if (role !== "") return role;
  const type = asText(item?.type);
  if (type.endsWith("_output")) return "tool";
  return type === "message" || type === "" || type === "mcp_approval_response" ? "user" : "assistant";
}

/** The messages of a request's `input`. What a model gave in one answer is one message here too. */
export function inputMessages(input: Json | undefined): Message[] {
  if (typeof input === "string") return [{ role: "user", content: [textBlock(input)] }];
  const messages: Message[] = [];
  for (const value of asList(input)) {
    const role = roleOf(asObject(value));
    const last = messages.at(-1);
    const blocks = itemBlocks(value);
    if (role === "assistant" && last?.role === "assistant") last.content?.push(...blocks);
    else messages.push({ role, content: blocks });
  }
  return messages;
}
