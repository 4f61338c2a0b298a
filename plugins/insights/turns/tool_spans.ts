import type { Transaction } from "capstan";
import type { ToolSpan } from "../events/traces.ts";
import { known, type SourceTurn } from "./source_turn.ts";
import { spanId, traceOfTurn } from "./span_id.ts";
import { isToolResult, toolCalls } from "./tool_call.ts";
import type { TurnBlock } from "./turn_event.ts";
import { turnSpanId } from "./turn_span.ts";
import { type ToolSpanEvent, WaitingToolCalls } from "./waiting_tool_calls.ts";

/** What pairing tool calls with their results needs. */
export interface ToolSpanOptions {
  /** Partition of `tapes.turns.v1` that the turns are of. */
  part: number;
  /** Milliseconds a tool call waits for its result, by the time of later turns. */
  waitMs: number;
}

/**
 * Pairs the tool calls that turns ask for with the results that later turns of their conversation bring, and gives the
 * spans that are complete now. A call without a result for too long gives a span that says so.
 */
export function pairToolCalls(
  tx: Transaction,
  turns: readonly SourceTurn[],
  { part, waitMs }: ToolSpanOptions,
): ToolSpanEvent[] {
  const waiting = new WaitingToolCalls(tx, part);
  return turns.flatMap((turn) => {
    const spans = results(waiting, turn);
    ask(waiting, turn);
    const late = waiting.takeBefore(Date.parse(turn.event.ended_at) - waitMs);
    return [...spans, ...late.map((asked) => unanswered(asked, waitMs))];
  });
}

/** The span of a call that nothing answered. */
function unanswered(asked: ToolSpanEvent, waitMs: number): ToolSpanEvent {
  const ended = new Date(Date.parse(asked.data.started_at) + waitMs).toISOString();
  return {
    ...asked,
    timestamp: ended,
    data: { ...asked.data, ended_at: ended, status: "error", error: "no result came" },
  };
}

function results(waiting: WaitingToolCalls, { event }: SourceTurn): ToolSpanEvent[] {
  return (event.messages ?? []).flatMap(({ hash, content }) =>
    (content ?? []).filter(isToolResult).flatMap((block) => {
      const asked = waiting.take(event.conversation, {
        callId: block.tool_result_id || undefined,
        tool: block.tool_name,
      });
      if (asked === undefined) return [];
      // A clock that was set back must not give a span that ends before it starts.
      const early = Date.parse(event.started_at) < Date.parse(asked.data.started_at);
      const failed = block.is_error === true;
      return {
        ...asked,
        timestamp: event.ended_at,
        data: known<ToolSpan>({
          ...asked.data,
          ended_at: early ? asked.data.started_at : event.started_at,
          status: failed ? "error" : "ok",
          error: failed ? outputOf(block) : undefined,
          result_hash: hash ?? undefined,
          result_turn_id: event.id,
        }),
      };
    })
  );
}

/** The beginning of what a tool that failed said. */
function outputOf({ tool_output }: TurnBlock): string | undefined {
  return tool_output === undefined ? undefined : tool_output.slice(0, 1_000).toWellFormed();
}

function ask(waiting: WaitingToolCalls, turn: SourceTurn): void {
  const { event } = turn;
  const { traceId } = traceOfTurn(event);
  if (event.revision > 1) waiting.forgetTurn(event.conversation, event.id);
  for (const call of toolCalls(event)) {
    const asked = turn.derive<ToolSpan>({
      type: "trace.tool",
      part: [call.choice, call.index],
      data: known<ToolSpan>({
        ...turn.about,
        trace_id: traceId,
        span_id: spanId("tool", event.id, call.choice, call.index),
        parent_span_id: turnSpanId(turn),
        name: `execute_tool ${call.tool}`.trim(),
        kind: "internal",
        started_at: event.ended_at,
        ended_at: event.ended_at,
        status: "ok",
        tool: call.tool || "unnamed",
        tool_call_id: call.id,
        arguments_hash: call.argumentsHash,
        node_hash: call.answer.hash,
        attributes: known<ToolSpan["attributes"]>({
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": call.tool || "unnamed",
          "gen_ai.conversation.id": event.session ?? event.conversation,
          ...(call.id && { "gen_ai.tool.call.id": call.id }),
          ...(event.agent && { "gen_ai.agent.name": event.agent }),
        }),
      }),
    });
    waiting.add({
      conversation: event.conversation,
      callId: call.id ?? null,
      tool: call.tool,
      turnId: event.id,
      askedMs: Date.parse(event.ended_at),
      asked,
    });
  }
}
