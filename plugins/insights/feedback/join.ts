import type { Transaction } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import type { SignalData } from "../events/signals.ts";
import {
  type FeedbackEvent,
  forgetJoined,
  JoinedRows,
  type KnownFeedback,
  newestJoined,
  revisionOf,
  type TurnSpanEvent,
} from "./joined_rows.ts";
import { signal } from "./signal.ts";
import { namesOfTurn } from "./turn_name.ts";

/** What a join needs. */
export interface JoinOptions {
  /** Partition the events are of. */
  part: number;
  /** Milliseconds for which turns and feedback wait for each other, by their own times. */
  waitMs: number;
  /** What signals name as their source. */
  source: string;
  /** Milliseconds since 1970: events of a time well after it have a wrong clock, and make nobody old. */
  nowMs: number;
}

/** Milliseconds that clocks may differ. */
const AHEAD_MS = 60 * 60 * 1000;

/** A signal's event. */
export type SignalEvent = Envelope<string, SignalData>;

/** Joins what came to the turns or the feedback that came before it, and gives the signals that follow. */
export function join(
  tx: Transaction,
  events: readonly (FeedbackEvent | TurnSpanEvent)[],
  { part, waitMs, source, nowMs }: JoinOptions,
): SignalEvent[] {
  // What is too old counts as forgotten at each event, not at the batch's end: so that it is the same whatever batches
  // events come in.
  let newest = newestJoined(tx, part, nowMs + AHEAD_MS) ?? -Infinity;
  const signals = events.flatMap((event) => {
    if (!isFeedback(event) && !isTurn(event)) return [];
    const ms = Date.parse(isFeedback(event) ? event.timestamp : event.data.ended_at);
    if (ms <= nowMs + AHEAD_MS) newest = Math.max(newest, ms);
    const sinceMs = newest - waitMs;
    if (ms < sinceMs) return [];
    const rows = new JoinedRows(tx, { part, tenant: event.tenant_id, sinceMs });
    if (isFeedback(event)) {
      const feedback = rows.addFeedback(event);
      return feedback ? joined(rows, [feedback], source) : [];
    }
    if (!rows.addTurn(event)) return [];
    return joined(rows, rows.feedbackOn(namesOfTurn(event.data)), source);
  });
  if (newest !== -Infinity) forgetJoined(tx, part, newest - waitMs);
  return signals;
}

function isFeedback(event: Envelope): event is FeedbackEvent {
  return event.event_type === "feedback.submitted";
}

function isTurn(event: Envelope): event is TurnSpanEvent {
  return event.event_type === "trace.turn";
}

function joined(rows: JoinedRows, feedback: readonly KnownFeedback[], source: string): SignalEvent[] {
  return feedback.flatMap((each) => {
    const turn = rows.turnOf(each);
    if (turn === undefined) return [];
    if (turn.turn_id === each.turnId && revisionOf(turn) === each.revision) return [];
    rows.join(each, turn);
    return [signal(each.event, turn, source)];
  });
}
