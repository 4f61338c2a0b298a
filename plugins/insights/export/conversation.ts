import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import type { TurnBlock } from "../turns/turn_event.ts";

/** A message of a recorded conversation. */
export interface RecordedMessage {
  role: string;
  content: readonly TurnBlock[];
}

/** What was asked and answered in one turn, as the tapes plugin's views have it. */
export interface Conversation {
  /** From the first message to the last one asked. */
  prompt: RecordedMessage[];
  answer: RecordedMessage;
  /** The system prompt where it stands outside the messages, as it was sent. */
  system?: unknown;
  /** Tools the request offered, as they were sent. */
  tools?: unknown;
}

interface NodeRow {
  role: string;
  content: string | null;
}

const PATH = `WITH RECURSIVE path AS (
  SELECT hash, parent_hash, role, content, 0 AS up FROM tapes_nodes_v1 WHERE hash = ?
  UNION ALL SELECT n.hash, n.parent_hash, n.role, n.content, up + 1
  FROM tapes_nodes_v1 n JOIN path ON n.hash = path.parent_hash
) SELECT role, content FROM path ORDER BY up DESC`;

/** The conversation up to an answer; `undefined` where this file does not have it. */
export function conversationTo(
  db: Reader,
  { answerHash, turnId }: { answerHash: string; turnId: string },
): Conversation | undefined {
  const messages = db.all<NodeRow>(PATH, answerHash).map(({ role, content }): RecordedMessage => ({
    role,
    content: content === null ? [] : readJson(content) as TurnBlock[] | null ?? [],
  }));
  const answer = messages.pop();
  if (answer === undefined) return undefined;
  const turn = db.get<{ system: string | null; tools: string | null }>(
    "SELECT system, tools FROM tapes_turns_v1 WHERE call_id = ?",
    turnId,
  );
  return {
    prompt: messages,
    answer,
    ...(turn?.system && { system: readJson(turn.system) as unknown }),
    ...(turn?.tools && { tools: readJson(turn.tools) as unknown }),
  };
}
