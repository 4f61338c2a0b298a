import type { Envelope } from "../events/envelope.ts";
import type { MetricsData } from "../events/metrics.ts";
import type { Prices } from "./prices.ts";
import { known, type SourceTurn } from "./source_turn.ts";

/** What figures of turns are made with. */
export interface MetricsOptions {
  readonly prices: Prices;
  /** Of the price table: `USD`. */
  readonly currency: string;
}

/** The figures of a turn. */
export function metricsEvent(
  turn: SourceTurn,
  { prices, currency }: MetricsOptions,
): Envelope<string, MetricsData> {
  const { event } = turn;
  const usage = event.usage ?? {};
  const cost = prices.cost(turn.model, event.usage) ?? prices.cost(event.model, event.usage);
  return turn.derive({
    type: "metrics.turn",
    data: known<MetricsData>({
      ...turn.about,
      node_hash: event.head_hash,
      endpoint: event.endpoint,
      prompt_tokens: usage.prompt_tokens,
      completion_tokens: usage.completion_tokens,
      total_tokens: usage.total_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      reasoning_tokens: usage.reasoning_tokens,
      latency_ms: turn.between(event.started_at, event.ended_at),
      first_byte_ms: turn.between(event.started_at, event.first_byte_at),
      stop_reason: event.stop_reason,
      stream: event.stream,
      status: event.status,
      failed: turn.failure !== undefined,
      error: turn.failure,
      cost,
      currency: cost === undefined ? undefined : currency,
    }),
  });
}
