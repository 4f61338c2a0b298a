import type { Envelope } from "../events/envelope.ts";
import type { ThinkingData } from "../events/thinking.ts";
import { known, type SourceTurn } from "./source_turn.ts";
import type { TurnBlock } from "./turn_event.ts";

/** What of a block is thinking. */
function thought(block: TurnBlock): Pick<ThinkingData, "kind" | "text"> | undefined {
  if (block.type === "redacted_thinking") return { kind: "redacted" };
  if (block.type !== "thinking") return undefined;
  const { thinking, summary, reasoning_details: details } = block;
  if (typeof thinking === "string" && thinking !== "") return { kind: "text", text: thinking };
  const texts = [summary, details].flatMap((list) => Array.isArray(list) ? list.map(textOf) : []);
  const text = texts.filter((each) => each !== "").join("\n\n");
  return text === "" ? { kind: "redacted" } : { kind: "summary", text };
}

function textOf(part: unknown): string {
  if (typeof part === "string") return part;
  if (typeof part !== "object" || part === null) return "";
  const { text, summary } = part as Record<string, unknown>;
  return typeof text === "string" ? text : typeof summary === "string" ? summary : "";
}

/** One event for each piece of thinking in a turn's answers. */
export function thinkingEvents(turn: SourceTurn): Envelope<string, ThinkingData>[] {
  const reasoningTokens = turn.event.usage?.reasoning_tokens;
  return (turn.event.answers ?? []).flatMap((answer, choice) =>
    (answer.content ?? []).flatMap((block) => thought(block) ?? []).map((piece, index) =>
      turn.derive({
        type: "thinking.recorded",
        part: [choice, index],
        data: known<ThinkingData>({
          ...turn.about,
          node_hash: answer.hash,
          choice,
          index,
          ...piece,
          reasoning_tokens: reasoningTokens,
        }),
      })
    )
  );
}
