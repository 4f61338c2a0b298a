import * as z from "zod";
import { eventSchema } from "./envelope.ts";

/**
 * A feedback joined to the turn it judges: enough for a preference or fine-tuning set. Of several signals of one
 * feedback the last counts: a turn that fits better may come late.
 */
export const signalData = z.strictObject({
  /** `event_id` of the feedback. */
  feedback_id: z.string(),
  /** Positive above 0, negative below; a correction makes the answer negative. */
  label: z.enum(["positive", "negative", "neutral"]),
  rating: z.number().min(-1).max(1),
  /** 0 to 1: how much it should count; |rating|, and 1 with a correction. */
  weight: z.number().min(0).max(1),
  turn_id: z.string(),
  /** Revision of the turn. */
  revision: z.int().min(1),
  conversation: z.string(),
  /** Last node of the request: the prompt is the path from the root to it. */
  prompt_hash: z.string().optional(),
  /** Node of the judged answer. */
  answer_hash: z.string().optional(),
  root_hash: z.string().optional(),
  response_id: z.string().optional(),
  provider: z.string().optional(),
  model: z.string().optional(),
  /** What the client asked for, where the model that answered has another name. */
  asked_model: z.string().optional(),
  agent: z.string().optional(),
  project: z.string().optional(),
  /** Tools the judged answer called. */
  tools_used: z.array(z.string()),
  correction: z.string().optional(),
  comment: z.string().optional(),
  tags: z.array(z.string()).optional(),
  user: z.string().optional(),
});

/** `signal.created` */
export const signalCreated = eventSchema("signal.created", signalData);

/** What `data` of `signal.created` is. */
export type SignalData = z.infer<typeof signalData>;
