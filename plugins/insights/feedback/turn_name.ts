import type { FeedbackData } from "../events/feedback.ts";
import type { TurnSpan } from "../events/traces.ts";

/** What a feedback names its turn by: of several the one that says most. */
export function nameOfTarget({ node_hash, response_id, root_hash }: FeedbackData["target"]): string {
  if (node_hash !== undefined) return `node:${node_hash}`;
  return response_id !== undefined ? `response:${response_id}` : `root:${root_hash}`;
}

/** Everything a turn may be named by: its answers' nodes and its prompt's, its response id, its root. */
export function namesOfTurn(
  { answer_hashes, prompt_hash, response_id, root_hash }: Pick<
    TurnSpan,
    "answer_hashes" | "prompt_hash" | "response_id" | "root_hash"
  >,
): string[] {
  const nodes = new Set([...answer_hashes, ...(prompt_hash === undefined ? [] : [prompt_hash])]);
  return [
    ...[...nodes].map((hash) => `node:${hash}`),
    ...(response_id === undefined ? [] : [`response:${response_id}`]),
    ...(root_hash === undefined ? [] : [`root:${root_hash}`]),
  ];
}
