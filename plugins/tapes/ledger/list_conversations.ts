import type { Reader } from "capstan";
import { type ConversationFilter, type ConversationSummary, newestConversations } from "./conversations.ts";
import { tapesConversations } from "./tapes_conversations.ts";

/** Conversations of either source, newest first. Reads as many of each as are asked for, and no more. */
export function listConversations(
  db: Reader,
  { limit, filter = {} }: { limit: number; filter?: ConversationFilter },
): ConversationSummary[] {
  const recorded = newestConversations(db, { limit, filter });
  const found: ConversationSummary[] = [];
  // Those of the ledger keep their order, which is that of their newest turns.
  for (const other of tapesConversations(db, { limit, filter })) {
    while (recorded[0] !== undefined && recorded[0].ended_at >= other.ended_at) {
      found.push(...recorded.splice(0, 1));
    }
    found.push(other);
  }
  return [...found, ...recorded].slice(0, limit);
}
