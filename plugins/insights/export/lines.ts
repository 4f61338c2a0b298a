import type { SignalData } from "../events/signals.ts";
import { type ChatMessage, chatMessages, promptMessages } from "./chat_message.ts";
import type { Conversation } from "./conversation.ts";

/** A signal with what was asked and answered. */
export interface JudgedTurn {
  signal: SignalData & { tenant_id: string; timestamp: string };
  conversation: Conversation;
}

/** How a set is written. */
export type ExportFormat = "jsonl" | "openai-dpo" | "sft";

/** The formats, for help and checks. */
export const EXPORT_FORMATS: readonly ExportFormat[] = ["jsonl", "openai-dpo", "sft"];

/** Every signal, one a line, with the messages it is on. */
export function jsonlLine({ signal, conversation }: JudgedTurn): Record<string, unknown> {
  return {
    ...signal,
    ...offered(conversation),
    messages: promptMessages(conversation),
    answer: chatMessages(conversation.answer),
  };
}

/**
 * An example for supervised fine-tuning, as OpenAI's files have it: the answer where it was good, the correction where
 * one was given. `undefined`: nobody should learn from this one.
 */
export function sftLine({ signal, conversation }: JudgedTurn): Record<string, unknown> | undefined {
  const answer = signal.correction !== undefined
    ? [correctionMessage(signal.correction)]
    : signal.label === "positive"
    ? chatMessages(conversation.answer)
    : undefined;
  return answer && { messages: [...promptMessages(conversation), ...answer], ...offered(conversation) };
}

/**
 * Pairs for direct preference optimisation, as OpenAI's files have them: a correction before the answer it corrects, and
 * of answers to one prompt a good one before a bad one.
 */
export function dpoLines(judged: readonly JudgedTurn[]): Record<string, unknown>[] {
  const corrected = judged.flatMap((each) =>
    each.signal.correction === undefined
      ? []
      : [pair(each, [correctionMessage(each.signal.correction)], chatMessages(each.conversation.answer))]
  );
  const good = judged.filter(({ signal }) => signal.label === "positive");
  const bad = judged.filter(({ signal }) => signal.label === "negative" && signal.correction === undefined);
  const compared = good.flatMap((better) =>
    bad.filter((worse) => isComparable(better, worse)).map((worse) =>
      pair(better, chatMessages(better.conversation.answer), chatMessages(worse.conversation.answer))
    )
  );
  return [...corrected, ...compared];
}

/** Two answers to one prompt of one tenant. */
function isComparable({ signal: better }: JudgedTurn, { signal: worse }: JudgedTurn): boolean {
  return better.tenant_id === worse.tenant_id && better.prompt_hash !== undefined &&
    better.prompt_hash === worse.prompt_hash && better.answer_hash !== worse.answer_hash;
}

function pair(
  { conversation }: JudgedTurn,
  preferred: ChatMessage[],
  other: ChatMessage[],
): Record<string, unknown> {
  return {
    input: { messages: promptMessages(conversation), ...offered(conversation) },
    preferred_output: preferred,
    non_preferred_output: other,
  };
}

function correctionMessage(correction: string): ChatMessage {
  return { role: "assistant", content: correction };
}

function offered({ tools }: Conversation): { tools?: unknown } {
  return Array.isArray(tools) && tools.length > 0 ? { tools } : {};
}
