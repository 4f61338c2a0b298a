import type { DecisionData } from "../events/decisions.ts";
import type { Envelope } from "../events/envelope.ts";
import { known, type SourceTurn } from "./source_turn.ts";
import { toolCalls } from "./tool_call.ts";

/** One event for each tool or sub-agent that a turn's answers chose. */
export function decisionEvents(
  turn: SourceTurn,
  subagents: ReadonlySet<string>,
): Envelope<string, DecisionData>[] {
  const offered = [...turn.event.tools?.offered ?? []];
  return toolCalls(turn.event).filter(({ tool }) => tool !== "").map((call) =>
    turn.derive({
      type: "decision.made",
      part: [call.choice, call.index],
      data: known<DecisionData>({
        ...turn.about,
        node_hash: call.answer.hash,
        choice: call.choice,
        index: call.index,
        kind: subagents.has(call.tool) ? "subagent" : "tool",
        chosen: call.tool,
        tool_call_id: call.id,
        offered,
        arguments: call.arguments,
        arguments_hash: call.argumentsHash,
      }),
    })
  );
}
