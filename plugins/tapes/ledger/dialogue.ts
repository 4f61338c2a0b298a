import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import type { Block } from "../turn.ts";
import { turnsOf } from "./conversations.ts";
import { ancestry, readNode, type StoredNode } from "./nodes.ts";
import { usageOf } from "./node_json.ts";
import type { StoredTurn } from "./turns.ts";
import type { NodeUsage } from "./usage_columns.ts";

/** Something said. */
export interface Said {
  kind: "message";
  hash: string;
  role: string;
  model: string;
  agent?: string;
  /** As stored. */
  time: string;
  content: Block[] | null;
  stop_reason?: string;
  usage?: NodeUsage;
}

/** The system prompt, where it stands outside the messages: at the beginning and where it changes. */
export interface SystemPrompt {
  kind: "system";
  hash: string;
  /** JSON value as the request had it. */
  content: unknown;
}

/** A call without nodes. */
export interface Failure {
  kind: "failure";
  call_id: string;
  /** Milliseconds since 1970. */
  started_at: number;
  status: number | null;
  outcome: string;
  reason: string;
  detail: string | null;
  preview: string | null;
}

/** What a conversation is made of, in its order. */
export type Line = Said | SystemPrompt | Failure;

function isBlocks(value: unknown): value is Block[] {
  return Array.isArray(value) && value.every((block) => typeof block === "object" && block !== null);
}

function said(node: StoredNode): Said {
  const content: unknown = readJson(node.content ?? "null");
  const usage = usageOf(node);
  return {
    kind: "message",
    hash: node.hash,
    role: node.role ?? "",
    model: node.model ?? "",
    time: node.created_at,
    content: isBlocks(content) ? content : null,
    ...(node.agent_name ? { agent: node.agent_name } : {}),
    ...(node.stop_reason ? { stop_reason: node.stop_reason } : {}),
    ...(usage ? { usage } : {}),
  };
}

function systemOf(db: Reader, hash: string): SystemPrompt[] {
  const blob = db.get<{ json: string }>("SELECT json FROM blobs WHERE hash = ?", hash);
  return blob === undefined ? [] : [{ kind: "system", hash, content: readJson(blob.json) }];
}

function failure(turn: StoredTurn): Failure {
  const { call_id, started_at, status, outcome, reason, detail, preview } = turn;
  return { kind: "failure", call_id, started_at, status, outcome, reason: reason ?? "", detail, preview };
}

function answersOf(turn: StoredTurn): string[] {
  const others: unknown = readJson(turn.other_answers ?? "[]");
  const hashes = Array.isArray(others) ? others.filter((hash) => typeof hash === "string") : [];
  return turn.head_hash === null ? [] : [turn.head_hash, ...hashes];
}

/** The path to a node, from the root down. */
export function pathTo(db: Reader, hash: string): Said[] {
  return ancestry(db, hash).toReversed().map(said);
}

/** What one turn stands for: the path to its answer, the other answers, and its system prompt. */
export function turnLines(db: Reader, turn: StoredTurn): Line[] {
  const lines: Line[] = turn.system_hash === null ? [] : systemOf(db, turn.system_hash);
  if (turn.reason !== null) return [...lines, failure(turn)];
  const [head, ...others] = answersOf(turn);
  if (head !== undefined) lines.push(...pathTo(db, head));
  for (const hash of others) {
    const node = readNode(db, hash);
    if (node !== undefined) lines.push(said(node));
  }
  return lines;
}

/** A conversation: what each of its turns added, in the order of the ledger. */
export function conversationLines(db: Reader, conversation: string): Line[] {
  const lines: Line[] = [];
  let system: string | null = null;
  for (const turn of turnsOf(db, conversation)) {
    if (turn.system_hash !== null && turn.system_hash !== system) {
      system = turn.system_hash;
      lines.push(...systemOf(db, system));
    }
    if (turn.reason !== null) {
      lines.push(failure(turn));
      continue;
    }
    if (turn.request_head !== null) {
      lines.push(...ancestry(db, turn.request_head, turn.new_messages).toReversed().map(said));
    }
    for (const hash of answersOf(turn)) {
      const node = readNode(db, hash);
      if (node !== undefined) lines.push(said(node));
    }
  }
  return lines;
}
