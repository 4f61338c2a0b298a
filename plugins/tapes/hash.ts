import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Block, Json, Message } from "./turn.ts";

/** What of a node is hashed, beside its parent. */
export interface Bucket {
  type: "message";
  role: string;
  content: Block[] | null;
  model: string;
  provider: string;
  /** Absent where no agent named itself. */
  agent_name?: string;
}

/** Whose words a message is. */
export interface Speaker {
  model: string;
  provider: string;
  agentName?: string;
}

/** Fields of tapes that are texts, and are left out where they are empty. */
const TEXTS: ReadonlySet<string> = new Set([
  "text",
  "image_url",
  "image_base64",
  "media_type",
  "tool_use_id",
  "tool_name",
  "tool_result_id",
  "tool_output",
]);

/** The bucket of a message. */
export function bucketOf(message: Message, { model, provider, agentName }: Speaker): Bucket {
  const bucket: Bucket = { type: "message", role: message.role, content: message.content, model, provider };
  if (agentName) bucket.agent_name = agentName;
  return bucket;
}

/** The value with U+FFFD for each lone surrogate, in keys too; of keys that become the same the last one wins. */
function wellFormed(value: Json): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]),
  );
}

function canonicalText(text: string): string {
  return JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
}

function canonicalValue(value: Json): string {
  if (typeof value === "string") return canonicalText(value);
  try {
    return canonicalize(value) ?? "null";
  } catch {
    // The library refuses lone surrogates, which are too rare to look for beforehand.
    return canonicalize(wellFormed(value)) ?? "null";
  }
}

function isFull(value: Json): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value) &&
    Object.keys(value).length > 0;
}

function wellNamed(block: Block): Block {
  if (Object.keys(block).every((key) => key.isWellFormed())) return block;
  const fields = Object.entries(block).map(([key, value]) => [key.toWellFormed(), value]);
  return { type: block.type, ...Object.fromEntries(fields) };
}

function canonicalBlock(named: Block): string {
  const block = wellNamed(named);
  const keys = Object.keys(block);
  if (!("is_error" in block)) keys.push("is_error");
  keys.sort();
  let members = "";
  for (const key of keys) {
    const value = block[key];
    let text: string;
    if (key === "is_error") text = value === true ? "true" : "false";
    else if (value === undefined) continue;
    else if (TEXTS.has(key) && (value === "" || value === null)) continue;
    else if (key === "tool_input" && !isFull(value)) continue;
    else text = canonicalValue(value);
    members += `${members && ","}${JSON.stringify(key)}:${text}`;
  }
  return `{${members}}`;
}

/** The text whose SHA-256 is a node's hash: canonical JSON (RFC 8785) of the bucket and the parent's hash. */
export function hashInput(bucket: Bucket, parent: string | null): string {
  let blocks = "";
  for (const block of bucket.content ?? []) blocks += `${blocks && ","}${canonicalBlock(block)}`;
  const agent = bucket.agent_name ? `"agent_name":${canonicalText(bucket.agent_name)},` : "";
  return `{"content":{${agent}"content":[${blocks}],"model":${canonicalText(bucket.model)},` +
    `"provider":${canonicalText(bucket.provider)},"role":${canonicalText(bucket.role)},"type":"message"},` +
    `"parent":${canonicalText(parent ?? "")}}`;
}

/** A node's hash as tapes computes it: 64 hexadecimal digits. `parent` is `null` for a root. */
export function nodeHash(bucket: Bucket, parent: string | null): string {
  return hash("sha256", hashInput(bucket, parent), "hex");
}
