import * as z from "zod";
import { aboutTurn } from "./about_turn.ts";
import { eventSchema } from "./envelope.ts";

/** One piece of thinking or reasoning in an answer. */
export const thinkingData = z.looseObject({
  ...aboutTurn,
  /** Node of the answer it stands in. */
  node_hash: z.string().optional(),
  /** Which answer of the turn, from 0, and which piece of thinking in it, from 0. */
  choice: z.int().min(0).optional(),
  index: z.int().min(0).optional(),
  /** Plain text, a provider's summary of it, or encrypted and unreadable. */
  kind: z.enum(["text", "summary", "redacted"]),
  /** Absent where it is redacted. */
  text: z.string().optional(),
  /** Tokens of reasoning in the whole turn, where the provider said it. */
  reasoning_tokens: z.int().min(0).optional(),
});

/** `thinking.recorded` */
export const thinkingRecorded = eventSchema("thinking.recorded", thinkingData);

/** What `data` of `thinking.recorded` is. */
export type ThinkingData = z.infer<typeof thinkingData>;
