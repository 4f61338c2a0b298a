import { hash } from "node:crypto";
import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import { preview } from "../derive/preview.ts";
import type { ConversationFilter, ConversationSummary } from "./conversations.ts";
import { pathTo, type Said } from "./dialogue.ts";
import { type ForeignLeaf, foreignLeaves } from "./foreign_nodes.ts";
import { storedToRfc3339 } from "./time_text.ts";

/**
 * Conversations that no turn stands for, newest first: what was imported, and what tapes wrote into the file. Each is
 * the path to a leaf; its id is the leaf's hash. An answer that was gone on with under another model's name, as tapes
 * stores it where a model has an alias, is part of the conversation that went on.
 */
export function tapesConversations(
  db: Reader,
  { limit, filter }: { limit: number; filter: ConversationFilter },
): ConversationSummary[] {
  // Nodes have neither.
  if (filter.tenant !== undefined || filter.user !== undefined) return [];
  const found: ConversationSummary[] = [];
  const inner = new Set<string>();
  for (const leaf of foreignLeaves(db, filter)) {
    if (inner.has(sayingOf(leaf.parent_hash, leaf.role, readJson(leaf.content ?? "null")))) continue;
    const path = pathTo(db, leaf.hash);
    let parent: string | null = null;
    for (const { hash, role, content } of path.slice(0, -1)) {
      inner.add(sayingOf(parent, role, content));
      parent = hash;
    }
    found.push(summaryOf(leaf, path));
    if (found.length >= limit) break;
  }
  return found;
}

/** The same for nodes that differ in nothing but the model. */
function sayingOf(parent: string | null, role: string | null, content: unknown): string {
  return hash("sha256", JSON.stringify([parent, role, content]));
}

function summaryOf({ hash, at }: ForeignLeaf, path: readonly Said[]): ConversationSummary {
  const [first] = path;
  const last = path.at(-1);
  const began = Date.parse(storedToRfc3339(first?.time ?? ""));
  const answer = path.findIndex(({ role }) => role === "assistant");
  const sum = (key: "prompt_tokens" | "completion_tokens" | "total_tokens") =>
    path.reduce((total, { usage }) => total + (usage?.[key] ?? 0), 0);
  return {
    source: "tapes",
    conversation: hash,
    tenant: null,
    started_at: Number.isNaN(began) ? at : began,
    ended_at: at,
    agent: last?.agent ?? null,
    model: last?.model || null,
    turns: 0,
    failed: 0,
    prompt_tokens: sum("prompt_tokens"),
    completion_tokens: sum("completion_tokens"),
    total_tokens: sum("total_tokens"),
    preview: preview(answer < 0 ? path : path.slice(0, answer)),
  };
}
