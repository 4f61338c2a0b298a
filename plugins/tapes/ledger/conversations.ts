import type { Reader, SqlValue } from "capstan";
import type { StoredTurn } from "./turns.ts";

/** A conversation in a list. */
export interface ConversationSummary {
  /** What tells of it: turns of the ledger, or nodes alone, which tapes wrote or which were imported. */
  source: "turns" | "tapes";
  /** Its id; for one of tapes' the hash of its last node. */
  conversation: string;
  tenant: string | null;
  /** Milliseconds since 1970. */
  started_at: number;
  ended_at: number;
  agent: string | null;
  /** Model of the newest turn. */
  model: string | null;
  /** 0 for one of tapes'. */
  turns: number;
  /** Turns that should have nodes and have none, and calls of other endpoints that were refused. */
  failed: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** First words of its first turn. */
  preview: string | null;
}

/** Which conversations are listed; absent is any. */
export interface ConversationFilter {
  agent?: string;
  model?: string;
  project?: string;
  tenant?: string;
  user?: string;
}

const FIELDS = ["agent", "model", "project", "tenant", "user"] as const;

const SUMMARY = `SELECT min(started_at) AS started_at, max(ended_at) AS ended_at, count(*) AS turns,
  count(CASE WHEN reason <> 'not-a-chat' OR coalesce(status, 500) >= 400 THEN 1 END) AS failed,
  coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
  coalesce(sum(completion_tokens), 0) AS completion_tokens, coalesce(sum(total_tokens), 0) AS total_tokens
  FROM turns WHERE conversation = ? AND tenant IS ?`;
const NEWEST = `SELECT agent, coalesce(model, answer_model) AS model FROM turns
  WHERE conversation = ? AND tenant IS ? ORDER BY model IS NULL, id DESC LIMIT 1`;
const FIRST = `SELECT preview FROM turns WHERE conversation = ? AND tenant IS ? AND preview IS NOT NULL
  ORDER BY id LIMIT 1`;

/** The conversations with the newest turns, newest first. Reads the newest turns alone. */
export function newestConversations(
  db: Reader,
  { limit, filter = {} }: { limit: number; filter?: ConversationFilter },
): ConversationSummary[] {
  const conditions: string[] = [];
  const params: SqlValue[] = [];
  for (const field of FIELDS) {
    const value = filter[field];
    if (value === undefined) continue;
    conditions.push(`${field} = ?`);
    params.push(value);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
  const found = new Map<string, { conversation: string; tenant: string | null }>();
  const turns = db.iterate<{ conversation: string; tenant: string | null }>(
    `SELECT conversation, tenant FROM turns ${where} ORDER BY id DESC`,
    ...params,
  );
  for (const turn of turns) {
    if (found.size >= limit) break;
    found.set(JSON.stringify([turn.conversation, turn.tenant]), turn);
  }
  return [...found.values()].flatMap(({ conversation, tenant }) => {
    type Sums = Omit<
      ConversationSummary,
      "source" | "conversation" | "tenant" | "agent" | "model" | "preview"
    >;
    const sums = db.get<Sums>(SUMMARY, conversation, tenant);
    const newest = db.get<{ agent: string | null; model: string | null }>(NEWEST, conversation, tenant);
    const first = db.get<{ preview: string | null }>(FIRST, conversation, tenant);
    if (sums === undefined) return [];
    const { agent = null, model = null } = newest ?? {};
    return [{
      source: "turns",
      conversation,
      tenant,
      ...sums,
      agent,
      model,
      preview: first?.preview ?? null,
    }];
  });
}

/** The turns of a conversation, oldest first. */
export function turnsOf(db: Reader, conversation: string): StoredTurn[] {
  return db.all<StoredTurn>("SELECT * FROM turns WHERE conversation = ? ORDER BY id", conversation);
}
