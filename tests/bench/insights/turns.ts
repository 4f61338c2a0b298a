import type { OutgoingRecord } from "../../../lib/bus/contract.ts";
import type { TurnEvent } from "../../../plugins/insights/turns/turn_event.ts";

const encoder = new TextEncoder();
const words = "Paris is the capital of France and has been so for most of the last thousand years. ".repeat(
  4,
);

/** What a turn is made of. */
export interface TurnOptions {
  /** Which one it is, from 0. */
  number: number;
  tenants: number;
  /** When it ended, in milliseconds since 1970. */
  endedMs: number;
}

/**
 * A recorded turn of about 2 kB: each with thinking and an answer, every other one with a tool call whose result the
 * next turn of its conversation brings, one of five with SQL.
 */
export function benchTurn({ number, tenants, endedMs }: TurnOptions): TurnEvent {
  const conversation = `conversation-${Math.floor(number / 2)}`;
  const asks = number % 2 === 0;
  const sql = number % 10 === 0 || number % 10 === 4;
  const at = (ms: number) => new Date(endedMs - ms).toISOString();
  const hash = (part: number) => `${number}${part}`.padStart(64, "0");
  const call = {
    type: "tool_use",
    tool_use_id: `call-${number}`,
    tool_name: sql ? "db" : "search",
    tool_input: sql
      ? {
        sql: `SELECT u.name, count(*) FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id > ${number}`,
      }
      : { query: `page ${number}` },
  };
  return {
    schema: "tapes.turn.v1",
    id: `turn-${number}`,
    revision: 1,
    conversation,
    tenant: `tenant-${Math.floor(number / 2) % tenants}`,
    agent: `agent-${number % 7}`,
    endpoint: "messages",
    method: "POST",
    target: "/v1/messages",
    provider: "anthropic",
    provider_type: "anthropic",
    model: "claude-sonnet-4-5",
    answer_model: "claude-sonnet-4-5",
    status: 200,
    outcome: "complete",
    started_at: at(1_500),
    first_byte_at: at(1_200),
    ended_at: at(0),
    stream: true,
    stop_reason: asks ? "tool_use" : "end_turn",
    usage: { prompt_tokens: 900, completion_tokens: 80, total_tokens: 980 },
    tools: { offered: ["db", "search", "Task"], used: asks ? [call.tool_name] : [] },
    response_id: `msg_${number}`,
    root_hash: hash(0),
    head_hash: hash(2),
    request_head: hash(1),
    messages: [{
      hash: hash(1),
      role: "user",
      content: asks
        ? [{ type: "text", text: `Question ${number}: ${words}` }]
        : [{ type: "tool_result", tool_result_id: `call-${number - 1}`, tool_output: words }],
    }],
    answers: [{
      hash: hash(2),
      role: "assistant",
      model: "claude-sonnet-4-5",
      stop_reason: asks ? "tool_use" : "end_turn",
      content: [
        { type: "thinking", thinking: `Let me think. ${words}` },
        { type: "text", text: `Answer ${number}: ${words}` },
        ...(asks ? [call] : []),
      ],
    }],
  };
}

/** The same as a record, keyed by its conversation. */
export function benchRecord(topic: string, options: TurnOptions): OutgoingRecord {
  const turn = benchTurn(options);
  return {
    topic,
    key: encoder.encode(turn.conversation),
    value: encoder.encode(JSON.stringify(turn)),
    timestamp: options.endedMs,
  };
}
