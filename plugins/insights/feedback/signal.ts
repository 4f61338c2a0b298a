import type { Envelope } from "../events/envelope.ts";
import { derivedId } from "../events/event_id.ts";
import type { SignalData } from "../events/signals.ts";
import type { TurnSpan } from "../events/traces.ts";
import { known } from "../turns/source_turn.ts";
import { type FeedbackEvent, revisionOf } from "./joined_rows.ts";

/** What a feedback says of the turn it judges. Its time is the feedback's. */
export function signal(
  { event_id, tenant_id, timestamp, data }: FeedbackEvent,
  turn: TurnSpan,
  source: string,
): Envelope<string, SignalData> {
  const { target, rating, correction, comment, tags, user } = data;
  const judged = turn.answer_hashes.find((hash) => hash === target.node_hash) ?? turn.answer_hashes[0];
  return {
    event_id: derivedId("signal.created", tenant_id, event_id, turn.turn_id, revisionOf(turn)),
    event_type: "signal.created",
    tenant_id,
    timestamp,
    source,
    data: known<SignalData>({
      feedback_id: event_id,
      label: labelOf(rating, correction),
      rating,
      weight: correction === undefined ? Math.abs(rating) : 1,
      turn_id: turn.turn_id,
      revision: revisionOf(turn),
      conversation: turn.conversation ?? turn.turn_id,
      prompt_hash: turn.prompt_hash,
      answer_hash: judged,
      root_hash: turn.root_hash,
      response_id: turn.response_id,
      provider: turn.provider,
      model: turn.model,
      asked_model: turn.asked_model,
      agent: turn.agent,
      project: turn.project,
      tools_used: turn.tools_used,
      correction,
      comment,
      tags,
      user,
    }),
  };
}

/** Who corrects an answer does not want it, whatever else they say. */
function labelOf(rating: number, correction: string | undefined): SignalData["label"] {
  if (rating < 0 || correction !== undefined) return "negative";
  return rating > 0 ? "positive" : "neutral";
}
