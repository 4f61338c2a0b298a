import type { AuditContent, AuditRecord } from "../record/record.ts";
import type { RecordInput } from "./record_input.ts";
import type { TurnBlock, TurnEvent, TurnMessage } from "./turn_event.ts";

/** The tenant of what names none. */
export const NO_TENANT = "default";

/** Provider's own tools, as web search, stand in blocks of types that end so. */
const CALLS = /^(?:tool_use|[a-z_]+_tool_use)$/;

/** Source of a turn's record. A turn that was derived again is another revision, and another record. */
export function turnSource({ id, revision }: Pick<TurnEvent, "id" | "revision">): string {
  return `turn:${id}:${revision}`;
}

/** The record of a turn, whatever became of it. */
export function turnRecord(turn: TurnEvent): RecordInput {
  const { user, api_key_fingerprint: key } = turn;
  const who = user ?? (key === undefined ? undefined : `key:${key}`);
  return {
    kind: "turn",
    tenant: turn.tenant ?? NO_TENANT,
    ...(who !== undefined && { user: who }),
    facts: facts(turn),
    content: content(turn, who),
    requestId: turn.id,
    source: turnSource(turn),
  };
}

/** The record of a turn whose event can't be understood: that there was one. */
export function unreadableTurn(data: unknown, cause: unknown): RecordInput {
  const { id, revision, tenant } = (typeof data === "object" && data !== null ? data : {}) as Partial<
    TurnEvent
  >;
  const named = typeof id === "string" ? { id, revision: Number(revision ?? 1) } : undefined;
  return {
    kind: "turn",
    tenant: typeof tenant === "string" ? tenant : NO_TENANT,
    facts: {
      ...(named && { turn: named.id, revision: named.revision }),
      outcome: "unreadable",
      reason: cause instanceof Error ? cause.message : String(cause),
    },
    ...(named && { requestId: named.id, source: turnSource(named) }),
  };
}

function facts(turn: TurnEvent): AuditRecord["facts"] {
  return known({
    turn: turn.id,
    revision: turn.revision,
    conversation: turn.conversation,
    agent: turn.agent,
    project: turn.project,
    session: turn.session,
    endpoint: turn.endpoint,
    provider: turn.provider,
    model: turn.model,
    answer_model: turn.answer_model,
    outcome: turn.outcome,
    status: turn.status,
    reason: turn.reason,
    stop_reason: turn.stop_reason,
    response_id: turn.response_id,
    api_key_fingerprint: turn.api_key_fingerprint,
    tools_used: turn.tools && turn.tools.used.length > 0 ? turn.tools.used : undefined,
    started_at: turn.started_at,
    ended_at: turn.ended_at,
  });
}

function content({ messages = [], answers = [], ...turn }: TurnEvent, who: string | undefined): AuditContent {
  const asked = messages.at(-1)?.hash ?? turn.request_head;
  const hashes = answers.flatMap(({ hash }) => hash ?? []);
  const calls = answers.flatMap(({ content }) =>
    (content ?? []).filter(({ type }) => CALLS.test(type)).map((block) => ({
      name: block.tool_name ?? "",
      arguments: block.tool_arguments ?? block.tool_input ?? {},
    }))
  );
  return {
    user_id: who ?? "",
    model: turn.answer_model ?? turn.model ?? "",
    prompt: textOf(messages),
    response: textOf(answers),
    request_id: turn.id,
    timestamp_utc: turn.started_at,
    ...(turn.detail !== undefined && { metadata: { detail: turn.detail } }),
    ...(asked !== undefined && { request_hash: asked }),
    ...(hashes.length > 0 && { answer_hashes: hashes }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

/** Texts of messages, and what tools gave, with a line between. */
function textOf(messages: readonly TurnMessage[]): string {
  return messages.flatMap(({ content }) => (content ?? []).flatMap(said)).join("\n");
}

function said({ type, text, tool_output, refusal }: TurnBlock): readonly string[] {
  // What the model thought is no part of its answer; it stands in the node.
  if (type === "thinking") return [];
  return [text, tool_output, refusal].filter((each) => each !== undefined && each !== "") as string[];
}

function known(
  facts: Readonly<Record<string, AuditRecord["facts"][string] | undefined>>,
): AuditRecord["facts"] {
  return Object.fromEntries(
    Object.entries(facts).filter(([, value]) => value !== undefined),
  ) as AuditRecord["facts"];
}
