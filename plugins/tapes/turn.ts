/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * A piece of a message. The named fields are tapes'; others keep what tapes has no field for, and enter the hash:
 *
 * - `thinking`, `signature`, `encrypted_content`, `summary`, `reasoning_details` of type "thinking"; `data` of
 *   "redacted_thinking".
 * - `annotations`, `citations` of a text; `refusal`, `audio` of types of those names; `detail` of an image.
 * - `tool_arguments`: a call's arguments as they stand, where they are no JSON object (custom tools, cut streams).
 * - `parts`: a tool's output where it is more than one text; `output` where it is neither text nor parts.
 * - `source_type`: kind of a document's source, unless base64.
 * - Type "extra": what a message says beside its content (`name` …). Type "": a part that is no object, in `value`.
 * - Anything else stands under the name its provider gives it; if that is one of tapes' fields, inside `fields`.
 */
export interface Block {
  type: string;
  text?: string;
  image_url?: string;
  image_base64?: string;
  media_type?: string;
  tool_use_id?: string;
  tool_name?: string;
  tool_input?: Json;
  tool_result_id?: string;
  tool_output?: string;
  is_error?: boolean;
  [further: string]: Json | undefined;
}

/** A message of a request or an answer. `content` is null where it was absent or made no sense. */
export interface Message {
  role: string;
  content: Block[] | null;
}

/** Tokens and durations as tapes names them; absent is unknown, zero is zero. */
export interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  total_tokens?: number;
  cache_creation_input_tokens?: number;
  cache_read_input_tokens?: number;
  reasoning_tokens?: number;
  total_duration_ns?: number;
  prompt_duration_ns?: number;
}

/** What was asked. */
export interface TurnRequest {
  /** As tapes reads it; "" where the request names none. */
  model: string;
  messages: Message[];
  /** The system prompt where it stands outside the messages (Anthropic `system`, Responses `instructions`). */
  system?: Json;
  tools?: Json[];
  /** Every other key of the body but `messages`/`input`: temperature, format, tool_choice, metadata … */
  parameters: { [key: string]: Json };
  /** The end user the caller named (OpenAI `user` or `safety_identifier`, Anthropic `metadata.user_id`). */
  user?: string;
  stream: boolean;
  /** Responses API: the answer this request continues. */
  previous_response_id?: string;
}

/** One answer: choice n of a turn. */
export interface Answer {
  model: string;
  message: Message;
  /** As the provider says it: `stop`, `tool_calls`, `end_turn` … or "" where it said nothing. */
  stop_reason: string;
  /** What else the provider said of this answer and not in it: `logprobs`, `content_filter_results`, item ids … */
  further?: { [key: string]: Json };
}

/** Which API a call spoke. */
export type Endpoint = "chat-completions" | "messages" | "ollama-chat" | "ollama-generate" | "responses";

/** A call understood. */
export interface Turn {
  endpoint: Endpoint;
  request: TurnRequest;
  /** One for each choice; empty only together with `reason`. */
  answers: Answer[];
  /** The id the client saw: `chatcmpl-…`, `msg_…`, `resp_…`. */
  response_id?: string;
  usage?: Usage;
  /** The whole usage object as the provider sent it. */
  raw_usage?: Json;
  /** An error the provider reported inside a stream. */
  error?: Json;
  /** The answer's own end was seen (`[DONE]`, `message_stop`, `"done":true`, `response.completed` …). */
  terminal: boolean;
  /** What else the provider said of the whole: `created`, `system_fingerprint`, `stop_sequence`, pieces no JSON … */
  further?: { [key: string]: Json };
}

/** Why a call gives no node. */
export type NoNodes =
  | "not-a-chat" // another endpoint: embeddings, models, count_tokens
  | "status" // the provider answered other than 200
  | "unparsable-request"
  | "unparsable-answer"
  | "empty-answer" // nothing was said before the end
  | "undecodable" // Content-Encoding unknown or damaged
  | "no-answer" // the upstream gave none
  | "blocked"
  | "over-capture-limit"
  | "over-capture-memory"
  | "upgrade"
  | "deriver-failed"; // a bug of the deriver's; the call is in the dead-letter topic

/** What parsing a call gives: a turn, or the reason there is none with what could still be read of it. */
export type Parsed =
  | { turn: Turn }
  | {
    reason: NoNodes;
    /** For a person: what was wrong. */
    detail: string;
    request?: TurnRequest;
    endpoint?: Endpoint;
    /** The error the provider reported, as it sent it. */
    error?: Json;
  };
