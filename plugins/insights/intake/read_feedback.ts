import * as z from "zod";
import { feedbackData } from "../events/feedback.ts";
import { type Envelope, eventSchema } from "../events/envelope.ts";
import { type EventDefaults, problemOf, readEvents } from "./read_events.ts";
import { type Problem, Refusal } from "./refusal.ts";

/** What `POST /v1/feedback` takes: a rating in one of three forms, and what it is on. */
export const feedbackRequest = z.strictObject({
  /** From -1 to 1. */
  rating: z.number().min(-1).max(1).optional(),
  /** `up` is 1, `down` is -1. */
  thumbs: z.enum(["up", "down"]).optional(),
  /** 1 to 5: -1, -0.5, 0, 0.5, 1. */
  stars: z.int().min(1).max(5).optional(),
  node_hash: z.string().regex(/^[0-9a-f]{64}$/, "it must be 64 hexadecimal digits").optional(),
  root_hash: z.string().regex(/^[0-9a-f]{64}$/, "it must be 64 hexadecimal digits").optional(),
  response_id: z.string().min(1).max(256).optional(),
  comment: feedbackData.shape.comment,
  tags: feedbackData.shape.tags,
  correction: feedbackData.shape.correction,
  user: feedbackData.shape.user,
  event_id: z.string().optional(),
  tenant_id: z.string().optional(),
  timestamp: z.string().optional(),
}).superRefine((given, context) => {
  const ratings = [given.rating, given.thumbs, given.stars].filter((each) => each !== undefined);
  if (ratings.length !== 1) {
    context.addIssue({ code: "custom", path: ["rating"], message: "give one of rating, thumbs and stars" });
  }
  if ((given.node_hash ?? given.root_hash ?? given.response_id) === undefined) {
    const message = "name the answer by response_id, node_hash or root_hash";
    context.addIssue({ code: "custom", path: ["response_id"], message });
  }
});

/** Events whose data is made here: what is left to be checked is the envelope. */
const MADE = { types: { "feedback.submitted": eventSchema("feedback.submitted", z.unknown()) } };

/**
 * Reads feedback into events of `feedback.submitted`.
 * @throws {Refusal} one is not as the schema says, or another tenant's.
 */
export function readFeedback(items: readonly unknown[], defaults: EventDefaults): Envelope[] {
  const problems: Problem[] = [];
  const events = items.flatMap((item, at) => {
    const { success, data, error } = feedbackRequest.safeParse(item);
    if (success) return [eventOf(data)];
    problems.push(...error.issues.map((issue) => ({ item: at, ...problemOf(issue) })));
    return [];
  });
  const [first] = problems;
  if (first) {
    const where = [items.length > 1 ? `item ${first.item}` : "", first.field ?? ""].filter((each) =>
      each !== ""
    );
    throw new Refusal(
      400,
      `${[...where, first.message].join(": ")}; nothing of the request was taken`,
      problems,
    );
  }
  return readEvents("ai-feedback-events", events, defaults, MADE);
}

function eventOf(given: z.infer<typeof feedbackRequest>): Record<string, unknown> {
  const {
    node_hash,
    root_hash,
    response_id,
    comment,
    tags,
    correction,
    user,
    event_id,
    tenant_id,
    timestamp,
  } = given;
  return {
    event_id,
    tenant_id,
    timestamp,
    event_type: "feedback.submitted",
    data: {
      target: { node_hash, root_hash, response_id },
      ...ratingOf(given),
      comment,
      tags,
      correction,
      user,
    },
  };
}

function ratingOf({ rating, thumbs, stars }: z.infer<typeof feedbackRequest>) {
  if (thumbs !== undefined) return { rating: thumbs === "up" ? 1 : -1, given_as: `thumbs:${thumbs}` };
  if (stars !== undefined) return { rating: (stars - 3) / 2, given_as: `stars:${stars}` };
  return { rating };
}
