import type { Reader, SqlValue, Transaction } from "capstan";

/** A row of the ledger. One for each forwarded call; `null` is unknown. */
export interface TurnRow {
  call_id: string;
  /** Milliseconds since 1970. */
  started_at: number;
  first_byte_at: number | null;
  ended_at: number;
  method: string;
  target: string;
  endpoint: string | null;
  provider: string;
  provider_type: string;
  /** Model that was asked for. */
  model: string | null;
  /** Model that answered. */
  answer_model: string | null;
  agent: string | null;
  project: string | null;
  tenant: string | null;
  user: string | null;
  session: string | null;
  /** Tells calls of one API key from those of another. */
  api_key_fingerprint: string | null;
  /** Session, else the call id of the conversation's first turn. */
  conversation: string;
  status: number | null;
  outcome: string;
  /** Why the call has no nodes; `null` where it has. */
  reason: string | null;
  detail: string | null;
  error: string | null;
  stop_reason: string | null;
  stream: number | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  cache_creation_input_tokens: number | null;
  cache_read_input_tokens: number | null;
  reasoning_tokens: number | null;
  total_duration_ns: number | null;
  prompt_duration_ns: number | null;
  /** JSON as the provider sent it. */
  raw_usage: string | null;
  /** JSON `{ turn?, answers? }`: what the provider said beside the answers (logprobs, fingerprints, item ids …). */
  further: string | null;
  /** JSON object. */
  parameters: string | null;
  /** In `blobs`. */
  system_hash: string | null;
  /** In `blobs`. */
  tools_hash: string | null;
  request_messages: number;
  /** How many of the request's last messages no turn before had. */
  new_messages: number;
  /** Hash of the request's last message; where there is a reason it is in no table. */
  request_head: string | null;
  /** Node of the (first) answer. */
  head_hash: string | null;
  root_hash: string | null;
  /** JSON list of the nodes of choices 1 and up. */
  other_answers: string | null;
  response_id: string | null;
  previous_response_id: string | null;
  /** First words of the newest thing the user said. */
  preview: string | null;
  request_bytes: number;
  response_bytes: number;
  /** `requestKey` of `request_head`. */
  request_key: number | null;
  /** `answerKey` of the first answer. */
  answer_key: number | null;
}

/** A row as it is read. */
export interface StoredTurn extends TurnRow {
  id: number;
  /** 1, and one more each time `derive --again` has changed the row. */
  revision: number;
}

const COLUMNS = [
  "call_id",
  "started_at",
  "first_byte_at",
  "ended_at",
  "method",
  "target",
  "endpoint",
  "provider",
  "provider_type",
  "model",
  "answer_model",
  "agent",
  "project",
  "tenant",
  "user",
  "session",
  "api_key_fingerprint",
  "conversation",
  "status",
  "outcome",
  "reason",
  "detail",
  "error",
  "stop_reason",
  "stream",
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "reasoning_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
  "raw_usage",
  "further",
  "parameters",
  "system_hash",
  "tools_hash",
  "request_messages",
  "new_messages",
  "request_head",
  "head_hash",
  "root_hash",
  "other_answers",
  "response_id",
  "previous_response_id",
  "preview",
  "request_bytes",
  "response_bytes",
  "request_key",
  "answer_key",
] as const satisfies readonly (keyof TurnRow)[];

const INSERT = `INSERT INTO turns (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})
  ON CONFLICT (call_id) DO NOTHING`;
const UPDATE = `UPDATE turns SET revision = revision + 1, ${COLUMNS.map((name) => `${name} = ?`).join(", ")}
  WHERE id = ?`;

function values(row: TurnRow): SqlValue[] {
  return COLUMNS.map((name) => row[name]);
}

/** Enters a turn. `false`: the call has its row already. */
export function insertTurn(tx: Transaction, row: TurnRow): boolean {
  return tx.run(INSERT, ...values(row)).changes > 0;
}

/** Replaces a row and counts its revision up. */
export function updateTurn(tx: Transaction, id: number, row: TurnRow): void {
  tx.run(UPDATE, ...values(row), id);
}

/** Whether two rows say the same. */
export function sameTurn(a: TurnRow, b: TurnRow): boolean {
  return COLUMNS.every((name) => a[name] === b[name]);
}

/** The row of a call. */
export function turnOfCall(db: Reader, callId: string): StoredTurn | undefined {
  return db.get<StoredTurn>("SELECT * FROM turns WHERE call_id = ?", callId);
}

/** Which of these calls have a row, with the reason in it. */
export function knownCalls(db: Reader, callIds: readonly string[]): Map<string, string | null> {
  const rows = db.all<{ call_id: string; reason: string | null }>(
    "SELECT t.call_id, t.reason FROM json_each(?) j CROSS JOIN turns t WHERE t.call_id = j.value",
    JSON.stringify(callIds),
  );
  return new Map(rows.map((row) => [row.call_id, row.reason]));
}
