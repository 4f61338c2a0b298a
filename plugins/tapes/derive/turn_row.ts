import type { Turn } from "../turn.ts";
import { count } from "../ledger/usage_columns.ts";
import type { TurnRow } from "../ledger/turns.ts";
import { answerKey, requestKey, scopeKey } from "./continuation.ts";
import { type PreparedCall, requestOf, userOf } from "./prepare_call.ts";
import { preview } from "./preview.ts";

/** Where a turn stands in its conversation. */
export interface Place {
  conversation: string;
  /** How many of the request's first messages earlier turns had, answers among them. */
  messagesBefore: number;
}

function further(turn: Turn | undefined): string | null {
  const answers = turn?.answers.map(({ further = null }) => further) ?? [];
  const said = answers.some((each) => each !== null);
  if (turn?.further === undefined && !said) return null;
  return JSON.stringify({ turn: turn?.further, ...(said ? { answers } : {}) });
}

/** The row of a call. */
export function turnRow(call: PreparedCall, { conversation, messagesBefore }: Place): TurnRow {
  const { meta, parsed, chain } = call;
  const request = requestOf(parsed);
  const turn = "turn" in parsed ? parsed.turn : undefined;
  const failure = "turn" in parsed ? undefined : parsed;
  const [answer] = turn?.answers ?? [];
  const [head, ...others] = chain?.answers ?? [];
  const requestHead = chain?.request.at(-1)?.hash ?? null;
  const usage = turn?.usage;
  const tenant = meta.tenant ?? null, user = userOf(call) ?? null, agent = meta.agent ?? null;
  const error = (turn ?? failure)?.error;
  const cut = turn !== undefined && !turn.terminal ? "the end of the answer was not seen" : null;
  return {
    call_id: meta.id,
    started_at: meta.started_at,
    first_byte_at: meta.first_byte_at ?? null,
    ended_at: meta.ended_at,
    method: meta.method,
    target: meta.target,
    endpoint: turn?.endpoint ?? failure?.endpoint ?? null,
    provider: meta.provider,
    provider_type: meta.provider_type,
    model: request?.model || null,
    answer_model: answer?.model || null,
    agent,
    project: meta.project ?? null,
    tenant,
    user,
    session: meta.session ?? null,
    api_key_fingerprint: meta.api_key_fingerprint ?? null,
    conversation,
    status: meta.status ?? null,
    outcome: meta.outcome,
    reason: failure?.reason ?? null,
    detail: failure?.detail || cut,
    error: error === undefined ? meta.error ?? null : JSON.stringify(error),
    stop_reason: answer?.stop_reason || null,
    stream: request === undefined ? null : Number(request.stream),
    prompt_tokens: count(usage?.prompt_tokens),
    completion_tokens: count(usage?.completion_tokens),
    total_tokens: count(usage?.total_tokens),
    cache_creation_input_tokens: count(usage?.cache_creation_input_tokens),
    cache_read_input_tokens: count(usage?.cache_read_input_tokens),
    reasoning_tokens: count(usage?.reasoning_tokens),
    total_duration_ns: count(usage?.total_duration_ns),
    prompt_duration_ns: count(usage?.prompt_duration_ns),
    raw_usage: turn?.raw_usage === undefined ? null : JSON.stringify(turn.raw_usage),
    further: further(turn),
    parameters: request === undefined ? null : JSON.stringify(request.parameters),
    system_hash: call.system?.hash ?? null,
    tools_hash: call.tools?.hash ?? null,
    request_messages: request?.messages.length ?? 0,
    new_messages: (request?.messages.length ?? 0) - messagesBefore,
    request_head: requestHead,
    head_hash: head?.hash ?? null,
    root_hash: turn === undefined ? null : chain?.root ?? null,
    other_answers: others.length > 0 ? JSON.stringify(others.map(({ hash }) => hash)) : null,
    response_id: turn?.response_id ?? null,
    previous_response_id: request?.previous_response_id ?? null,
    preview: request ? preview(request.messages.slice(messagesBefore)) : null,
    request_bytes: meta.request_bytes,
    response_bytes: meta.response_bytes,
    request_key: requestHead === null ? null : requestKey(requestHead, scopeKey({ tenant, user, agent })),
    answer_key: answer === undefined ? null : answerKey(answer.message),
  };
}
