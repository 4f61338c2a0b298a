import { Buffer } from "node:buffer";
import type { PublishRequest } from "capstan";
import { timeText } from "../ledger/time_text.ts";
import type { TurnRow } from "../ledger/turns.ts";
import { NODE_USAGE } from "../ledger/usage_columns.ts";
import type { Chain, ChainNode } from "./chain.ts";
import { goString } from "./go_json.ts";
import { type PreparedCall, requestOf } from "./prepare_call.ts";
import { toolsOffered, toolsUsed } from "./tool_names.ts";

/** Topic of the ledger's rows as events; key: conversation. */
export const TURNS_TOPIC = "tapes.turns.v1";

/** What a turn's event is made of. */
export interface TurnEvent {
  call: PreparedCall;
  row: TurnRow;
  /** 1, and one more for each change by `derive --again`. */
  revision: number;
  /** No turn before in this conversation had this system prompt as its newest. */
  systemIsNew: boolean;
}

const time = (ms: number) => timeText(ms).rfc3339;

/** JSON of an object without the members that are null or undefined, and without its braces. */
function members(object: Readonly<Record<string, unknown>>): string {
  const kept: Record<string, unknown> = {};
  for (const key in object) {
    const value = object[key];
    if (value !== undefined && value !== null) kept[key] = value;
  }
  return JSON.stringify(kept).slice(1, -1);
}

const USAGE = [...NODE_USAGE.slice(0, 5), "reasoning_tokens", ...NODE_USAGE.slice(5)] as const;

function usageOf(row: TurnRow): Record<string, number> | null {
  let usage: Record<string, number> | null = null;
  for (const key of USAGE) {
    const value = row[key];
    if (value !== null) (usage ??= {})[key] = value;
  }
  return usage;
}

function message(node: ChainNode, stored: boolean): string {
  return `{"hash":${stored ? `"${node.hash}"` : "null"},"role":${goString(node.bucket.role)},` +
    `"content":${node.stored.eventContent}}`;
}

function said(call: PreparedCall, row: TurnRow, chain: Chain): string {
  const stored = "turn" in call.parsed;
  const before = row.request_messages - row.new_messages;
  const asked = chain.request.slice(before).map((node) => message(node, stored));
  const answers = "turn" in call.parsed ? call.parsed.turn.answers : [];
  const answered = chain.answers.map((node, choice) =>
    `{"hash":"${node.hash}","role":${goString(node.bucket.role)},"model":${goString(node.bucket.model)},` +
    `"stop_reason":${goString(answers[choice]?.stop_reason ?? "")},"content":${node.stored.eventContent}` +
    (answers[choice]?.further === undefined ? "}" : `,"further":${JSON.stringify(answers[choice].further)}}`)
  );
  return `,"messages_before":${before},"messages":[${asked.join(",")}],"answers":[${answered.join(",")}]`;
}

/**
 * Writes `tapes.turn.v1`: a row of the ledger with what the turn added, so that a consumer needs no join. `id` and
 * `revision` together are the event's identity. Members that are unknown are absent.
 */
export function turnEvent({ call, row, revision, systemIsNew }: TurnEvent): PublishRequest {
  const { meta, parsed, system, tools, chain } = call;
  const request = requestOf(parsed);
  const turn = "turn" in parsed ? parsed.turn : undefined;
  const used = toolsUsed(turn?.answers ?? []);
  const offered = toolsOffered(request?.tools);
  const head = members({
    schema: "tapes.turn.v1",
    id: row.call_id,
    revision,
    conversation: row.conversation,
    tenant: row.tenant,
    user: row.user,
    agent: row.agent,
    project: row.project,
    session: row.session,
    api_key_fingerprint: row.api_key_fingerprint,
    endpoint: row.endpoint,
    method: row.method,
    target: row.target,
    provider: row.provider,
    provider_type: row.provider_type,
    model: row.model,
    answer_model: row.answer_model,
    status: row.status,
    outcome: row.outcome,
    reason: row.reason,
    detail: row.detail,
    error: ("turn" in parsed ? parsed.turn : parsed).error ?? meta.error,
    started_at: time(row.started_at),
    first_byte_at: row.first_byte_at === null ? null : time(row.first_byte_at),
    ended_at: time(row.ended_at),
    stream: row.stream === null ? null : row.stream === 1,
    stop_reason: row.stop_reason,
    usage: usageOf(row),
    further: turn?.further,
    system: system && { hash: system.hash, ...(systemIsNew ? { content: request?.system } : {}) },
    tools: tools || used.length > 0 ? { hash: tools?.hash, offered, used } : null,
    response_id: row.response_id,
    previous_response_id: row.previous_response_id,
    traceparent: meta.request_headers?.traceparent,
    root_hash: row.root_hash,
    head_hash: row.head_hash,
    request_head: row.request_head,
    request_bytes: row.request_bytes,
    response_bytes: row.response_bytes,
  });
  // JSON that the row has already.
  const kept = (row.raw_usage === null ? "" : `,"raw_usage":${row.raw_usage}`) +
    (row.parameters === null ? "" : `,"parameters":${row.parameters}`);
  const value = `{${head}${kept}${chain ? said(call, row, chain) : ""}}`;
  return { topic: TURNS_TOPIC, key: row.conversation, value: Buffer.from(value) };
}
