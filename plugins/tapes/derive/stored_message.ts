import type { Bucket } from "../hash.ts";
import type { Block, Json } from "../turn.ts";
import { byUtf8, goJson, goString } from "./go_json.ts";

/** A block's fields in the order in which tapes' events have them. Further fields follow, sorted. */
const ORDER: readonly string[] = [
  "type",
  "text",
  "image_url",
  "image_base64",
  "media_type",
  "tool_use_id",
  "tool_name",
  "tool_input",
  "tool_result_id",
  "tool_output",
  "is_error",
];
const KNOWN = new Set(ORDER);

/** A message as JSON, in the two orders in which tapes writes it. */
export interface StoredMessage {
  /** `content` as events have it. */
  eventContent: string;
  /** The bucket as events have it. */
  eventBucket: string;
  /** `content` as the table has it: keys sorted. */
  content: string;
  /** The bucket as the table has it: keys sorted. */
  bucket: string;
}

function isEmpty(key: string, value: Json | undefined): boolean {
  if (value === undefined) return true;
  if (key === "type" || !KNOWN.has(key)) return false;
  if (key === "is_error") return value !== true;
  if (key !== "tool_input") return value === "" || value === null;
  return value === null || typeof value !== "object" || Array.isArray(value) ||
    Object.keys(value).length === 0;
}

function blockMembers(block: Block): [key: string, member: string][] {
  const keys = Object.keys(block).sort((a, b) => {
    const left = ORDER.indexOf(a), right = ORDER.indexOf(b);
    if (left < 0 && right < 0) return byUtf8(a, b);
    return (left < 0 ? ORDER.length : left) - (right < 0 ? ORDER.length : right);
  });
  const members: [string, string][] = [];
  for (const key of keys) {
    const value = block[key];
    if (value !== undefined && !isEmpty(key, value)) {
      members.push([key, `${goString(key)}:${goJson(value)}`]);
    }
  }
  return members;
}

function writeBlock(block: Block): [event: string, sorted: string] {
  if (block.type === "text" && Object.keys(block).length === 2 && block.text) {
    // Nearly every block: no need to sort.
    const text = `"text":${goString(block.text)}`;
    return [`{"type":"text",${text}}`, `{${text},"type":"text"}`];
  }
  const members = blockMembers(block);
  const event = members.map(([, member]) => member).join(",");
  members.sort(([a], [b]) => byUtf8(a, b));
  return [`{${event}}`, `{${members.map(([, member]) => member).join(",")}}`];
}

/** Writes a bucket as tapes' events and table have it. */
export function storeBucket(from: Bucket): StoredMessage {
  let eventContent = "null", content = "null";
  if (from.content !== null) {
    eventContent = content = "";
    for (const block of from.content) {
      const [event, sorted] = writeBlock(block);
      eventContent += `${eventContent && ","}${event}`;
      content += `${content && ","}${sorted}`;
    }
    eventContent = `[${eventContent}]`;
    content = `[${content}]`;
  }
  const role = goString(from.role), model = goString(from.model), provider = goString(from.provider);
  const agent = from.agent_name ? goString(from.agent_name) : undefined;
  return {
    eventContent,
    content,
    eventBucket: `{"type":"message","role":${role},"content":${eventContent},"model":${model},` +
      `"provider":${provider}${agent ? `,"agent_name":${agent}` : ""}}`,
    bucket: `{${agent ? `"agent_name":${agent},` : ""}"content":${content},"model":${model},` +
      `"provider":${provider},"role":${role},"type":"message"}`,
  };
}
