import type { ModelCallData } from "../events/audit.ts";
import type { Envelope } from "../events/envelope.ts";
import { known, type SourceTurn } from "./source_turn.ts";

/** Who called which model, and what came of it. */
export function auditEvent(turn: SourceTurn): Envelope<string, ModelCallData> {
  const { endpoint, method, target, status, outcome, reason, head_hash, root_hash, response_id, tools } =
    turn.event;
  return turn.derive({
    type: "audit.model_call",
    data: known<ModelCallData>({
      ...turn.about,
      endpoint,
      method,
      target,
      status,
      outcome,
      reason,
      head_hash,
      root_hash,
      response_id,
      tools_used: tools && [...tools.used],
    }),
  });
}
