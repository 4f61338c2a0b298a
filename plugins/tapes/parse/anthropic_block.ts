import type { Block, Json, Message } from "../turn.ts";
import { addFurther, strangeBlock, textBlock, toolResultBlock, toolUseBlock } from "./blocks.ts";
import { asObject, asText, isEmpty, type JsonObject } from "./json.ts";

/** Types whose empty members say nothing (`citations: null`). Blocks of other types are kept as they are. */
const KNOWN: ReadonlySet<string> = new Set([
  "text",
  "image",
  "document",
  "thinking",
  "redacted_thinking",
  "tool_use",
  "server_tool_use",
  "mcp_tool_use",
  "tool_result",
]);

/** Puts an image's or document's source into a block. `false`: it is of no kind known here. */
function addSource(block: Block, source: JsonObject): boolean {
  const kind = asText(source.type);
  if (typeof source.data === "string") {
    if (source.data !== "") block.image_base64 = source.data;
    if (asText(source.media_type) !== "") block.media_type = asText(source.media_type);
    // tapes has no field for it, and "base64" goes without saying.
    if (kind !== "base64" && kind !== "") block.source_type = kind;
    return Object.keys(source).every((key) => ["type", "data", "media_type"].includes(key));
  }
  if (kind === "url" && typeof source.url === "string") {
    block.image_url = source.url;
    return Object.keys(source).every((key) => key === "type" || key === "url");
  }
  return false;
}

function resultBlock(source: JsonObject, type: string): Block {
  const { tool_use_id, content, is_error } = source;
  const block = toolResultBlock(asText(tool_use_id), content, type);
  if (is_error === true) block.is_error = true;
  const without = ["content"];
  if (typeof tool_use_id === "string") without.push("tool_use_id");
  if (typeof is_error === "boolean") without.push("is_error");
  return addFurther(block, source, { without });
}

/**
 * A block of Anthropic's, of a request or an answer. `input` may be the JSON text that a stream gave, whole or cut off.
 */
export function anthropicBlock(value: Json): Block {
  const source = asObject(value);
  if (source === undefined) return strangeBlock(value);
  const type = asText(source.type);
  if (type.endsWith("tool_result")) return resultBlock(source, type);
  const without: string[] = [];
  const takes = (key: string) => {
    const text = source[key];
    if (typeof text !== "string") return "";
    without.push(key);
    return text;
  };
  const text = takes("text"), id = takes("id"), name = takes("name");
  const isCall = type.endsWith("tool_use");
  const inputGoes = asObject(source.input) !== undefined || isCall;
  if (inputGoes) without.push("input");
  const block = toolUseBlock(id, name, inputGoes ? source.input : undefined, type);
  if (text !== "") block.text = text;
  const origin = asObject(source.source);
  if (origin !== undefined && addSource(block, origin)) without.push("source");
  return addFurther(block, source, { without, verbatim: !KNOWN.has(type) });
}

/** A message of a request or an answer. */
export function anthropicMessage(value: Json, defaultRole = ""): Message {
  const source = asObject(value);
  if (source === undefined) return { role: defaultRole, content: [strangeBlock(value)] };
  const role = asText(source.role) || defaultRole;
  let content: Block[] | null = null;
  if (typeof source.content === "string") content = [textBlock(source.content)];
  else if (Array.isArray(source.content) && source.content.length > 0) {
    content = source.content.map(anthropicBlock);
  }
  const without = typeof source.role === "string" ? ["role", "content"] : ["content"];
  const extra = addFurther({ type: "extra" }, source, { without });
  if (!isEmpty(Object.keys(extra).slice(1))) content = [...(content ?? []), extra];
  return { role, content };
}
