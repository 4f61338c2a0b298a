import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema } from "./envelope.ts";

const tokens = z.int().min(0).optional();

/** The figures of one turn. */
export const metricsData = z.looseObject({
  ...aboutTurn,
  node_hash: z.string().optional(),
  endpoint: z.string().optional(),
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
  cache_creation_input_tokens: tokens,
  cache_read_input_tokens: tokens,
  reasoning_tokens: tokens,
  /** Milliseconds from the request to the end of the answer. */
  latency_ms: z.number().min(0).optional(),
  /** Milliseconds from the request to the answer's first byte. */
  first_byte_ms: z.number().min(0).optional(),
  stop_reason: z.string().optional(),
  stream: z.boolean().optional(),
  status: z.int().optional(),
  /** Whether the call failed: no answer, an error's status, or an error inside the stream. */
  failed: z.boolean(),
  /** Why, where it failed. */
  error: z.string().optional(),
  /** By the price table; absent where the model has no price or the provider told no tokens. */
  cost: z.number().min(0).optional(),
  /** Of the price table: `USD`. */
  currency: z.string().optional(),
});

/** `metrics.turn` */
export const metricsTurn = eventSchema("metrics.turn", metricsData);

/** What `data` of `metrics.turn` is. */
export type MetricsData = z.infer<typeof metricsData>;
