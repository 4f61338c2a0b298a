/** A piece of a message of `tapes.turns.v1`, as far as a record needs it. */
export interface TurnBlock {
  readonly type: string;
  readonly text?: string;
  readonly tool_name?: string;
  readonly tool_input?: unknown;
  readonly tool_arguments?: unknown;
  readonly tool_output?: string;
  readonly refusal?: string;
}

/** A message the turn added to its conversation. */
export interface TurnMessage {
  readonly hash: string | null;
  readonly role: string;
  readonly content: readonly TurnBlock[] | null;
}

/** `tapes.turn.v1`, as far as a record is made of it. */
export interface TurnEvent {
  readonly id: string;
  readonly revision: number;
  readonly conversation: string;
  readonly tenant?: string;
  readonly user?: string;
  /** Truncated hash of the key the call was made with. */
  readonly api_key_fingerprint?: string;
  readonly agent?: string;
  readonly project?: string;
  readonly session?: string;
  readonly endpoint?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly answer_model?: string;
  readonly status?: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly started_at: string;
  readonly ended_at: string;
  readonly stop_reason?: string;
  readonly response_id?: string;
  readonly request_head?: string;
  readonly tools?: { readonly used: readonly string[] };
  readonly messages?: readonly TurnMessage[];
  readonly answers?: readonly TurnMessage[];
}
