import type { Transaction } from "capstan";
import { readJson } from "capstan/json";
import type { Envelope } from "../events/envelope.ts";
import type { FeedbackData } from "../events/feedback.ts";
import type { TurnSpan } from "../events/traces.ts";
import { nameOfTarget, namesOfTurn } from "./turn_name.ts";

/** A feedback's event. */
export type FeedbackEvent = Envelope<string, FeedbackData>;
/** A turn's event. */
export type TurnSpanEvent = Envelope<string, TurnSpan>;

/** A feedback, and the turn it was joined to. */
export interface KnownFeedback {
  event: FeedbackEvent;
  name: string;
  /** `null` where it waits for its turn. */
  turnId: string | null;
  revision: number | null;
}

interface FeedbackRow {
  event: string;
  name: string;
  turn_id: string | null;
  revision: number | null;
}

// Left to itself the planner reads all feedback of the partition.
const FEEDBACK =
  "SELECT event, name, turn_id, revision FROM insights_feedback INDEXED BY insights_feedback_name " +
  "WHERE part = ? AND tenant = ?";
const NEAREST =
  "SELECT turn_id FROM insights_turn_names WHERE part = ? AND tenant = ? AND name = ? AND ended_ms >= ?";

/** Whose rows, and from when on. */
export interface JoinedRowsOptions {
  part: number;
  tenant: string;
  /** Milliseconds since 1970: turns and feedback from before it are forgotten, also where their rows are there yet. */
  sinceMs: number;
}

/** The turns and the feedback of one tenant in one partition, within a transaction. */
export class JoinedRows {
  readonly #tx: Transaction;
  readonly #at: readonly [part: number, tenant: string];
  readonly #sinceMs: number;

  constructor(tx: Transaction, { part, tenant, sinceMs }: JoinedRowsOptions) {
    this.#tx = tx;
    this.#at = [part, tenant];
    this.#sinceMs = sinceMs;
  }

  /** Enters a turn. False: it is known in this or a later revision. */
  addTurn({ data }: TurnSpanEvent): boolean {
    const known = this.turn(data.turn_id);
    if (known && revisionOf(known) >= revisionOf(data)) return false;
    const endedMs = Date.parse(data.ended_at);
    if (known) {
      this.#tx.run(
        "DELETE FROM insights_turn_names INDEXED BY insights_turn_names_turn " +
          "WHERE part = ? AND tenant = ? AND turn_id = ?",
        ...this.#at,
        data.turn_id,
      );
    }
    this.#tx.run(
      "REPLACE INTO insights_turns VALUES (?, ?, ?, ?, ?)",
      ...this.#at,
      data.turn_id,
      endedMs,
      JSON.stringify(data),
    );
    for (const name of namesOfTurn(data)) {
      this.#tx.run(
        "INSERT INTO insights_turn_names VALUES (?, ?, ?, ?, ?)",
        ...this.#at,
        name,
        data.turn_id,
        endedMs,
      );
    }
    return true;
  }

  /** A turn that is known. */
  turn(turnId: string): TurnSpan | undefined {
    const row = this.#tx.get<{ span: string }>(
      "SELECT span FROM insights_turns WHERE part = ? AND tenant = ? AND turn_id = ?",
      ...this.#at,
      turnId,
    );
    return row && readJson(row.span) as TurnSpan;
  }

  /**
   * The turn a feedback judges: of those that bear its name the last that had ended when it was given, else the first.
   * Whatever order they came in, it is the same.
   */
  turnOf({ name, event }: Pick<KnownFeedback, "name" | "event">): TurnSpan | undefined {
    const givenMs = Date.parse(event.timestamp);
    const found = this.#tx.get<{ turn_id: string }>(
      `${NEAREST} AND ended_ms <= ? ORDER BY ended_ms DESC, turn_id DESC LIMIT 1`,
      ...this.#at,
      name,
      this.#sinceMs,
      givenMs,
    ) ??
      this.#tx.get<{ turn_id: string }>(
        `${NEAREST} ORDER BY ended_ms, turn_id LIMIT 1`,
        ...this.#at,
        name,
        this.#sinceMs,
      );
    return found && this.turn(found.turn_id);
  }

  /** Enters a feedback. `undefined`: it is known already. */
  addFeedback(event: FeedbackEvent): KnownFeedback | undefined {
    const name = nameOfTarget(event.data.target);
    const { changes } = this.#tx.run(
      "INSERT OR IGNORE INTO insights_feedback VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
      ...this.#at,
      event.event_id,
      name,
      Date.parse(event.timestamp),
      JSON.stringify(event),
    );
    return changes === 0 ? undefined : { event, name, turnId: null, revision: null };
  }

  /** Feedback that names one of these. */
  feedbackOn(names: readonly string[]): KnownFeedback[] {
    return names.flatMap((name) =>
      this.#tx.all<FeedbackRow>(
        `${FEEDBACK} AND name = ? AND given_ms >= ? ORDER BY given_ms, event_id`,
        ...this.#at,
        name,
        this.#sinceMs,
      )
        .map(({ event, name, turn_id, revision }) => ({
          event: readJson(event) as FeedbackEvent,
          name,
          turnId: turn_id,
          revision,
        }))
    );
  }

  /** A feedback was joined to a turn. */
  join({ event }: KnownFeedback, turn: TurnSpan): void {
    this.#tx.run(
      "UPDATE insights_feedback SET turn_id = ?, revision = ? WHERE part = ? AND tenant = ? AND event_id = ?",
      turn.turn_id,
      revisionOf(turn),
      ...this.#at,
      event.event_id,
    );
  }
}

/** Revision of a turn; services that send spans may leave it out. */
export function revisionOf({ revision = 1 }: Pick<TurnSpan, "revision">): number {
  return revision;
}

/** The time of the newest turn or feedback of a partition, but for those later than `nowMs`. */
export function newestJoined(tx: Transaction, part: number, nowMs: number): number | undefined {
  const row = tx.get<{ ms: number | null }>(
    "SELECT max(ms) AS ms FROM (" +
      "SELECT max(ended_ms) AS ms FROM insights_turns WHERE part = ?1 AND ended_ms <= ?2 UNION ALL " +
      "SELECT max(given_ms) FROM insights_feedback WHERE part = ?1 AND given_ms <= ?2)",
    part,
    nowMs,
  );
  return row?.ms ?? undefined;
}

/** Forgets turns and feedback of a partition from before a time in milliseconds since 1970. */
export function forgetJoined(tx: Transaction, part: number, beforeMs: number): void {
  tx.run(
    "DELETE FROM insights_turn_names WHERE part = ?1 AND (tenant, turn_id) IN " +
      "(SELECT tenant, turn_id FROM insights_turns WHERE part = ?1 AND ended_ms < ?2)",
    part,
    beforeMs,
  );
  tx.run("DELETE FROM insights_turns WHERE part = ? AND ended_ms < ?", part, beforeMs);
  tx.run("DELETE FROM insights_feedback WHERE part = ? AND given_ms < ?", part, beforeMs);
}

/** Forgets the turns of a partition. */
export function resetTurns(tx: Transaction, part: number): void {
  tx.run("DELETE FROM insights_turns WHERE part = ?", part);
  tx.run("DELETE FROM insights_turn_names WHERE part = ?", part);
}

/** Forgets the feedback of a partition. */
export function resetFeedback(tx: Transaction, part: number): void {
  tx.run("DELETE FROM insights_feedback WHERE part = ?", part);
}
