import * as z from "zod";
import { eventSchema } from "./envelope.ts";

/** What a feedback judges: at least one of the three. Hashes are 64 hexadecimal digits. */
export const feedbackTarget = z.strictObject({
  /** A node of the conversation: the answer that is judged. */
  node_hash: z.string().regex(/^[0-9a-f]{64}$/).optional(),
  /** The conversation's first node: its newest turn at the time of the feedback is judged. */
  root_hash: z.string().regex(/^[0-9a-f]{64}$/).optional(),
  /** The id the client saw in the answer: `chatcmpl-…`, `msg_…`, `resp_…`. */
  response_id: z.string().min(1).max(256).optional(),
}).refine((target) => Object.values(target).some((each) => each !== undefined), {
  message: "it must name node_hash, root_hash or response_id",
});

/** What a person thought of an answer. */
export const feedbackData = z.strictObject({
  target: feedbackTarget,
  /** From -1 (bad) over 0 to 1 (good). */
  rating: z.number().min(-1).max(1),
  /** As it was given, where not as a rating: `thumbs:up`, `stars:4`. */
  given_as: z.string().max(32).optional(),
  comment: z.string().max(10_000).optional(),
  tags: z.array(z.string().min(1).max(64)).max(32).optional(),
  /** What should have been answered. */
  correction: z.string().max(100_000).optional(),
  /** Who judged. */
  user: z.string().min(1).max(256).optional(),
});

/** `feedback.submitted` */
export const feedbackSubmitted = eventSchema("feedback.submitted", feedbackData);

/** What `data` of `feedback.submitted` is. */
export type FeedbackData = z.infer<typeof feedbackData>;
