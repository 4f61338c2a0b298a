import type { TurnBlock } from "../turns/turn_event.ts";
import type { Conversation, RecordedMessage } from "./conversation.ts";

/** A message as OpenAI's chat completions and fine-tuning files have it. */
export interface ChatMessage {
  role: string;
  content: string | ContentPart[] | null;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}

/** A part of a message that is more than text. */
export type ContentPart =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string } };

/** The messages of a conversation's prompt, with its system prompt in front. */
export function promptMessages({ prompt, system }: Conversation): ChatMessage[] {
  const text = systemText(system);
  return [
    ...(text === "" ? [] : [{ role: "system", content: text }]),
    ...prompt.flatMap(chatMessages),
  ];
}

/** A recorded message in that form; results of tools are messages of their own. Thinking is left out. */
export function chatMessages({ role, content }: RecordedMessage): ChatMessage[] {
  const results = content.filter(({ type }) => type === "tool_result").map((block): ChatMessage => ({
    role: "tool",
    content: block.tool_output ?? "",
    ...(block.tool_result_id && { tool_call_id: block.tool_result_id }),
  }));
  const calls = content.filter(({ type }) => type === "tool_use").map((block, at) => ({
    id: block.tool_use_id || `call_${at}`,
    type: "function" as const,
    function: { name: block.tool_name ?? "", arguments: argumentsOf(block) },
  }));
  const parts = content.flatMap(partOf);
  const said = textOnly(parts);
  if (parts.length === 0 && calls.length === 0) return results.length > 0 ? results : [{ role, content: "" }];
  const message: ChatMessage = {
    role,
    content: parts.length === 0 ? null : said,
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return [...results, message];
}

function partOf(block: TurnBlock): ContentPart[] {
  if (block.type === "text" || block.type === "refusal") {
    const text = block.text ?? block.refusal;
    return typeof text === "string" && text !== "" ? [{ type: "text", text }] : [];
  }
  if (block.type !== "image") return [];
  const { image_url, image_base64, media_type } = block;
  const url = typeof image_url === "string" && image_url !== ""
    ? image_url
    : `data:${media_type ?? "image/png"};base64,${image_base64 ?? ""}`;
  return [{ type: "image_url", image_url: { url } }];
}

/** One text where all parts are texts. */
function textOnly(parts: readonly ContentPart[]): string | ContentPart[] {
  const texts = parts.flatMap((part) => part.type === "text" ? part.text : []);
  return texts.length === parts.length ? texts.join("\n") : [...parts];
}

function argumentsOf({ tool_arguments, tool_input }: TurnBlock): string {
  return typeof tool_arguments === "string"
    ? tool_arguments
    : JSON.stringify(tool_arguments ?? tool_input ?? {});
}

/** A system prompt's text: a text, or a list of parts with texts. */
function systemText(system: unknown): string {
  if (typeof system === "string") return system;
  if (!Array.isArray(system)) return "";
  return system.flatMap((part: unknown) =>
    typeof part === "string"
      ? part
      : typeof part === "object" && part !== null && "text" in part && typeof part.text === "string"
      ? part.text
      : []
  ).join("\n");
}
