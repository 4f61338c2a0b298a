import { SourceTurn } from "../../../../plugins/insights/turns/source_turn.ts";
import type { TurnAnswer, TurnBlock, TurnEvent } from "../../../../plugins/insights/turns/turn_event.ts";

/** An answer's node, its hash made of one letter. */
export function answer(letter: string, content: readonly TurnBlock[], stopReason = "end_turn"): TurnAnswer {
  return {
    hash: letter.repeat(64),
    role: "assistant",
    model: "claude-sonnet-4",
    stop_reason: stopReason,
    content,
  };
}

/** A recorded turn that went well, with what a test says of it instead. */
export function aTurn(given: Partial<TurnEvent> = {}): SourceTurn {
  return new SourceTurn({
    schema: "tapes.turn.v1",
    id: "0190-turn",
    revision: 1,
    conversation: "conversation-1",
    tenant: "acme",
    agent: "coder",
    endpoint: "messages",
    method: "POST",
    target: "/v1/messages",
    provider: "anthropic",
    provider_type: "anthropic",
    model: "claude-sonnet-4",
    answer_model: "claude-sonnet-4",
    status: 200,
    outcome: "complete",
    started_at: "2026-01-02T03:04:05Z",
    first_byte_at: "2026-01-02T03:04:05.25Z",
    ended_at: "2026-01-02T03:04:07.5005Z",
    ...given,
  }, "capstan");
}
