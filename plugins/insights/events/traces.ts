import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema, utcTime } from "./envelope.ts";

const span = {
  ...aboutTurn,
  /** W3C Trace Context: 32 hexadecimal digits, the caller's own where it sent a traceparent. */
  trace_id: z.string().regex(/^[0-9a-f]{32}$/),
  /** 16 hexadecimal digits. */
  span_id: z.string().regex(/^[0-9a-f]{16}$/),
  parent_span_id: z.string().regex(/^[0-9a-f]{16}$/).optional(),
  /** As OpenTelemetry's conventions for generative AI name spans: `chat gpt-4o`, `execute_tool search`. */
  name: z.string().min(1),
  started_at: utcTime,
  ended_at: utcTime,
  status: z.enum(["ok", "error"]),
  error: z.string().optional(),
  /** OpenTelemetry's attributes: `gen_ai.request.model`, `gen_ai.usage.input_tokens` … */
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
};

/** The span of one call of a model. */
export const turnSpan = z.looseObject({
  ...span,
  kind: z.literal("client"),
  first_byte_at: utcTime.optional(),
  response_id: z.string().optional(),
  root_hash: z.string().optional(),
  /** Last node of the request. */
  prompt_hash: z.string().optional(),
  /** Nodes of the answers, in order. */
  answer_hashes: z.array(z.string()),
  tools_used: z.array(z.string()),
});

/** The span of one tool call: from the answer that asked for it to the request that brought its result. */
export const toolSpan = z.looseObject({
  ...span,
  kind: z.literal("internal"),
  tool: z.string().min(1),
  tool_call_id: z.string().optional(),
  arguments_hash: z.string().optional(),
  /** Node of the answer that asked for it. */
  node_hash: z.string().optional(),
  /** Node of the message that brought the result. */
  result_hash: z.string().optional(),
  /** Turn whose request brought the result. */
  result_turn_id: z.string().optional(),
});

/** `trace.turn` */
export const traceTurn = eventSchema("trace.turn", turnSpan);
/** `trace.tool` */
export const traceTool = eventSchema("trace.tool", toolSpan);

/** What `data` of `trace.turn` is. */
export type TurnSpan = z.infer<typeof turnSpan>;
/** What `data` of `trace.tool` is. */
export type ToolSpan = z.infer<typeof toolSpan>;
