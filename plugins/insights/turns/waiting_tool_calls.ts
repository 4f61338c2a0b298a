import type { Transaction } from "capstan";
import { readJson } from "capstan/json";
import type { Envelope } from "../events/envelope.ts";
import type { ToolSpan } from "../events/traces.ts";

/** Tables of this part. */
export const TOOL_CALL_TABLES: readonly string[] = [
  // part: partition of tapes.turns.v1; seq: the order in which calls were asked for; span: what is known of it, JSON.
  `CREATE TABLE insights_tool_calls (
    part INTEGER NOT NULL,
    conversation TEXT NOT NULL,
    seq INTEGER NOT NULL,
    call_id TEXT,
    tool TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    asked_ms REAL NOT NULL,
    span TEXT NOT NULL,
    PRIMARY KEY (part, conversation, seq)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_tool_calls_asked ON insights_tool_calls (part, asked_ms)`,
];

/** A tool call that waits for its result. */
export interface WaitingCall {
  conversation: string;
  /** Id of the call; `null` where the provider gives none. */
  callId: string | null;
  tool: string;
  turnId: string;
  /** When it was asked for, in milliseconds since 1970. */
  askedMs: number;
  /** Its span's event, as if the result had come at once. */
  asked: ToolSpanEvent;
}

/** The event of a tool call's span. */
export type ToolSpanEvent = Envelope<string, ToolSpan>;

interface Row {
  seq: number;
  span: string;
}

const WAITING = "SELECT seq, span FROM insights_tool_calls WHERE part = ? AND conversation = ?";

/** Tool calls of one partition that wait for their results, within a transaction. */
export class WaitingToolCalls {
  readonly #tx: Transaction;
  readonly #part: number;

  constructor(tx: Transaction, part: number) {
    this.#tx = tx;
    this.#part = part;
  }

  /** A call was asked for. One that a turn derived again asks for once more replaces itself. */
  add({ conversation, callId, tool, turnId, askedMs, asked }: WaitingCall): void {
    const next = this.#tx.get<{ seq: number }>(
      "SELECT coalesce(max(seq), -1) + 1 AS seq FROM insights_tool_calls WHERE part = ? AND conversation = ?",
      this.#part,
      conversation,
    );
    this.#tx.run(
      "INSERT INTO insights_tool_calls VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      this.#part,
      conversation,
      next?.seq ?? 0,
      callId,
      tool,
      turnId,
      askedMs,
      JSON.stringify(asked),
    );
  }

  /** What a turn asked for when it was derived before is forgotten. */
  forgetTurn(conversation: string, turnId: string): void {
    this.#tx.run(
      "DELETE FROM insights_tool_calls WHERE part = ? AND conversation = ? AND turn_id = ?",
      this.#part,
      conversation,
      turnId,
    );
  }

  /** Takes the call that a result answers: by its id, else the oldest of that tool. */
  take(
    conversation: string,
    { callId, tool }: { callId?: string; tool?: string },
  ): ToolSpanEvent | undefined {
    const row = callId
      ? this.#tx.get<Row>(`${WAITING} AND call_id = ? ORDER BY seq LIMIT 1`, this.#part, conversation, callId)
      : this.#tx.get<Row>(
        `${WAITING} AND call_id IS NULL AND (?3 = '' OR tool = ?3) ORDER BY seq LIMIT 1`,
        this.#part,
        conversation,
        tool ?? "",
      );
    if (row === undefined) return undefined;
    this.#tx.run(
      "DELETE FROM insights_tool_calls WHERE part = ? AND conversation = ? AND seq = ?",
      this.#part,
      conversation,
      row.seq,
    );
    return taken(row);
  }

  /** Takes the calls asked for before a time in milliseconds since 1970. */
  takeBefore(ms: number): ToolSpanEvent[] {
    const rows = this.#tx.all<Row>(
      "SELECT seq, span FROM insights_tool_calls WHERE part = ? AND asked_ms < ? " +
        "ORDER BY asked_ms, conversation, seq",
      this.#part,
      ms,
    );
    if (rows.length === 0) return [];
    this.#tx.run("DELETE FROM insights_tool_calls WHERE part = ? AND asked_ms < ?", this.#part, ms);
    return rows.map(taken);
  }
}

function taken({ span }: Row): ToolSpanEvent {
  return readJson(span) as ToolSpanEvent;
}

/** Forgets all calls of a partition. */
export function resetToolCalls(tx: Transaction, part: number): void {
  tx.run("DELETE FROM insights_tool_calls WHERE part = ?", part);
}
