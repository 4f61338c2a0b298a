import type { Envelope } from "../events/envelope.ts";
import type { TurnSpan } from "../events/traces.ts";
import { known, type SourceTurn } from "./source_turn.ts";
import { spanId, traceOfTurn } from "./span_id.ts";

/** What OpenTelemetry calls what an endpoint does. */
const OPERATIONS: Readonly<Record<string, string>> = { "ollama-generate": "text_completion" };

/** What OpenTelemetry calls the makers of the APIs. */
const MAKERS: Readonly<Record<string, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  ollama: "ollama",
};

/**
 * Attributes of a call by OpenTelemetry's semantic conventions for generative AI
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/).
 */
function attributes(turn: SourceTurn): TurnSpan["attributes"] {
  const { event } = turn;
  const usage = event.usage ?? {};
  const reasons = (event.answers ?? []).map(({ stop_reason }) => stop_reason).filter((each) => each !== "");
  const all: Record<string, TurnSpan["attributes"][string] | undefined> = {
    "gen_ai.operation.name": operationOf(turn),
    "gen_ai.provider.name": MAKERS[event.provider_type ?? ""] ?? event.provider,
    "gen_ai.request.model": event.model || undefined,
    "gen_ai.response.model": event.answer_model || undefined,
    "gen_ai.response.id": event.response_id,
    "gen_ai.response.finish_reasons": reasons.length > 0 ? reasons : undefined,
    "gen_ai.conversation.id": event.session ?? event.conversation,
    "gen_ai.agent.name": event.agent,
    "gen_ai.usage.input_tokens": usage.prompt_tokens,
    "gen_ai.usage.output_tokens": usage.completion_tokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cache_read_input_tokens,
    "gen_ai.usage.cache_creation.input_tokens": usage.cache_creation_input_tokens,
    "http.request.method": event.method,
    "http.response.status_code": event.status,
    "error.type": turn.failure === undefined ? undefined : errorType(event),
  };
  return known(all) as TurnSpan["attributes"];
}

/** A status that is an error, else how the call ended. */
function errorType({ status = 0, outcome }: SourceTurn["event"]): string {
  return status >= 400 ? String(status) : outcome;
}

function operationOf({ event }: SourceTurn): string {
  return event.endpoint === undefined ? "other" : OPERATIONS[event.endpoint] ?? "chat";
}

/** Id of a turn's span, which its tool calls name as their parent. */
export function turnSpanId({ event }: SourceTurn): string {
  return spanId("turn", event.id);
}

/** The span of one call of a model. */
export function turnSpanEvent(turn: SourceTurn): Envelope<string, TurnSpan> {
  const { event, failure } = turn;
  const { traceId, parentId } = traceOfTurn(event);
  const name = `${operationOf(turn)} ${event.model ?? ""}`.trim();
  return turn.derive({
    type: "trace.turn",
    data: known<TurnSpan>({
      ...turn.about,
      trace_id: traceId,
      span_id: turnSpanId(turn),
      parent_span_id: parentId,
      name,
      kind: "client",
      started_at: event.started_at,
      first_byte_at: event.first_byte_at,
      ended_at: event.ended_at,
      status: failure === undefined ? "ok" : "error",
      error: failure,
      response_id: event.response_id,
      root_hash: event.root_hash,
      prompt_hash: event.request_head,
      answer_hashes: (event.answers ?? []).map(({ hash }) => hash),
      tools_used: [...event.tools?.used ?? []],
      attributes: attributes(turn),
    }),
  });
}
