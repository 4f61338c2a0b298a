/** A piece of a message, as tapes has it: `text`, `tool_use`, `tool_result`, `thinking` … */
export interface TurnBlock {
  readonly type: string;
  readonly text?: string;
  readonly tool_use_id?: string;
  readonly tool_name?: string;
  readonly tool_input?: unknown;
  readonly tool_result_id?: string;
  readonly tool_output?: string;
  readonly is_error?: boolean;
  readonly [further: string]: unknown;
}

/** A message the turn added to its conversation; `hash` is null where the call has no nodes. */
export interface TurnMessage {
  readonly hash: string | null;
  readonly role: string;
  readonly content: readonly TurnBlock[] | null;
}

/** An answer of the turn. */
export interface TurnAnswer extends TurnMessage {
  readonly hash: string;
  readonly model: string;
  readonly stop_reason: string;
}

/** `tapes.turn.v1`, as far as insights are made of it: one call of a model, complete in itself. */
export interface TurnEvent {
  readonly schema: "tapes.turn.v1";
  readonly id: string;
  readonly revision: number;
  readonly conversation: string;
  readonly tenant?: string;
  readonly user?: string;
  /** 16 digits of a hash of the API key the call came with. */
  readonly api_key_fingerprint?: string;
  readonly agent?: string;
  readonly project?: string;
  readonly session?: string;
  readonly endpoint?: string;
  readonly method?: string;
  readonly target?: string;
  readonly provider?: string;
  readonly provider_type?: string;
  readonly model?: string;
  readonly answer_model?: string;
  readonly status?: number;
  readonly outcome: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly error?: unknown;
  /** RFC 3339 with nanoseconds' places as tapes writes them; UTC. */
  readonly started_at: string;
  readonly first_byte_at?: string;
  readonly ended_at: string;
  readonly stream?: boolean;
  readonly stop_reason?: string;
  readonly usage?: Readonly<Record<string, number>>;
  readonly tools?: {
    readonly hash?: string;
    readonly offered: readonly string[];
    readonly used: readonly string[];
  };
  readonly response_id?: string;
  readonly previous_response_id?: string;
  /** W3C Trace Context, as the client sent it. */
  readonly traceparent?: string;
  readonly root_hash?: string;
  readonly head_hash?: string;
  /** Last node of the request. */
  readonly request_head?: string;
  readonly messages_before?: number;
  readonly messages?: readonly TurnMessage[];
  readonly answers?: readonly TurnAnswer[];
}
