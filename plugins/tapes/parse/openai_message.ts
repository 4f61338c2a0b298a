import type { Block, Json, Message } from "../turn.ts";
import { addFurther, strangeBlock, textBlock, toolResultBlock, toolUseBlock } from "./blocks.ts";
import { asList, asObject, asText, isEmpty, type JsonObject } from "./json.ts";

/** Keys of a message that have blocks of their own, and the kind of value that those are made of. */
const PLACED: Record<string, "text" | "list" | "object" | "any"> = {
  role: "text",
  content: "any",
  annotations: "any",
  refusal: "any",
  audio: "any",
  tool_calls: "list",
  function_call: "object",
  reasoning: "text",
  reasoning_content: "text",
  reasoning_details: "list",
};

function isPlaced(key: string, value: Json | undefined): boolean {
  const kind = Object.hasOwn(PLACED, key) ? PLACED[key] : undefined;
  if (kind === "text") return typeof value === "string";
  if (kind === "list") return Array.isArray(value);
  return kind === "object" ? asObject(value) !== undefined : kind === "any";
}

/** A part of a message's content. */
function partBlock(part: Json): Block {
  const source = asObject(part);
  if (source === undefined) return strangeBlock(part);
  const block: Block = { type: asText(source.type) };
  const without: string[] = [];
  if (typeof source.text === "string") {
    without.push("text");
    if (source.text !== "") block.text = source.text;
  }
  const image = asObject(source.image_url);
  if (image === undefined && typeof source.image_url !== "string") {
    return addFurther(block, source, { without });
  }
  block.type = "image";
  const url = image === undefined ? asText(source.image_url) : asText(image.url);
  if (url !== "") block.image_url = url;
  without.push("image_url", ...(image ? ["url"] : []));
  return addFurther(block, { ...source, ...image }, { without });
}

/** The texts of a message's thinking, under whichever name the server gives it. */
function thinkingBlock({ reasoning_content, reasoning, reasoning_details }: JsonObject): Block | undefined {
  const content = asText(reasoning_content), other = asText(reasoning);
  const details = asList(reasoning_details);
  if (content === "" && other === "" && details.length === 0) return undefined;
  const block: Block = { type: "thinking" };
  if (content !== "" || other !== "") block.thinking = content || other;
  if (content !== "" && other !== "" && other !== content) block.reasoning = other;
  if (details.length > 0) block.reasoning_details = details;
  return block;
}

function toolCallBlock(call: Json): Block {
  const source = asObject(call);
  if (source === undefined) return strangeBlock(call);
  const called = asObject(source.function);
  if (called !== undefined) {
    const block = toolUseBlock(asText(source.id), asText(called.name), called.arguments);
    const more = addFurther(block, source, { without: ["id", "index", "function"] });
    return addFurther(more, called, { without: ["name", "arguments", "index"] });
  }
  const custom = asObject(source.custom);
  const block = toolUseBlock(asText(source.id), asText(custom?.name), undefined);
  if (asText(source.type) !== "") block.tool_type = asText(source.type);
  // A custom tool's input is a text of any kind, not arguments in JSON.
  if (custom !== undefined && !isEmpty(custom.input)) block.tool_arguments = custom.input;
  const more = addFurther(block, source, { without: ["id", "index", "custom"] });
  return custom ? addFurther(more, custom, { without: ["name", "input"] }) : more;
}

function contentBlocks(content: Json | undefined): Block[] | null {
  if (typeof content === "string") return [textBlock(content)];
  if (content === undefined || content === null) return [];
  return Array.isArray(content) && content.length > 0 ? content.map(partBlock) : null;
}

/** Puts annotations where the text is that they are about. */
function annotate(blocks: Block[], annotations: Json | undefined): Block[] {
  if (isEmpty(annotations)) return blocks;
  const at = blocks.findLastIndex(({ type }) => type === "text");
  if (at < 0) return [...blocks, { type: "annotations", annotations }];
  return blocks.with(at, { type: "text", ...blocks[at], annotations });
}

function resultBlocks(source: JsonObject, role: string): Block[] | undefined {
  const id = asText(source.tool_call_id);
  if (role === "tool" && id !== "") return [toolResultBlock(id, source.content)];
  if (role !== "function" || asText(source.name) === "") return undefined;
  return [{ ...toolResultBlock(id, source.content), tool_name: asText(source.name) }];
}

/** A message of chat completions, of a request or an answer. */
export function openaiMessage(value: Json, defaultRole = ""): Message {
  const source = asObject(value);
  if (source === undefined) return { role: defaultRole, content: [strangeBlock(value)] };
  const role = asText(source.role) || defaultRole;
  const result = resultBlocks(source, role);
  const said = result ?? contentBlocks(source.content);
  const more: Block[] = [];
  if (!isEmpty(source.refusal)) more.push({ type: "refusal", refusal: source.refusal });
  if (!isEmpty(source.audio)) more.push({ type: "audio", audio: source.audio });
  more.push(...asList(source.tool_calls).map(toolCallBlock));
  const called = asObject(source.function_call);
  if (called !== undefined) {
    const block = toolUseBlock("", asText(called.name), called.arguments);
    more.push(addFurther(block, called, { without: ["name", "arguments"] }));
  }
  const without = Object.keys(source).filter((key) => isPlaced(key, source[key]));
  if (result !== undefined) without.push("tool_call_id");
  if (result !== undefined && role === "function") without.push("name");
  const extra = addFurther({ type: "extra" }, source, { without });
  if (Object.keys(extra).length > 1) more.push(extra);
  const thinking = thinkingBlock(source);
  if (said === null && more.length === 0 && thinking === undefined) return { role, content: null };
  const blocks = annotate(said ?? [], source.annotations);
  return { role, content: [...(thinking ? [thinking] : []), ...blocks, ...more] };
}
