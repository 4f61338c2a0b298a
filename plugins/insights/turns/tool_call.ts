import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { readJson } from "capstan/json";
import type { TurnAnswer, TurnBlock, TurnEvent } from "./turn_event.ts";

/** A tool call in an answer. */
export interface ToolCall {
  /** The answer it stands in, and which one of the turn's it is, from 0. */
  answer: TurnAnswer;
  choice: number;
  /** Which call of the answer, from 0. */
  index: number;
  /** Name of the tool; `""` where the model named none. */
  tool: string;
  /** Id of the call, where the provider gives one. */
  id: string | undefined;
  /** As the model gave them; a text where they are no JSON. */
  arguments: unknown;
  /** SHA-256 of the arguments in canonical JSON. */
  argumentsHash: string;
}

/** Provider's own tools, as web search, stand in blocks of types that end so. */
const CALLS = /^(?:tool_use|[a-z_]+_tool_use)$/;

const RESULTS = /^(?:tool_result|[a-z_]+_tool_result)$/;

/** Whether a block brings what a tool gave. */
export function isToolResult({ type }: TurnBlock): boolean {
  return RESULTS.test(type);
}

/** Tool calls of a turn's answers, in their order. */
export function toolCalls({ answers = [] }: Pick<TurnEvent, "answers">): ToolCall[] {
  return answers.flatMap((answer, choice) =>
    (answer.content ?? []).filter(({ type }) => CALLS.test(type)).map((block, index) => {
      const given = argumentsOf(block);
      return {
        answer,
        choice,
        index,
        tool: block.tool_name ?? "",
        id: block.tool_use_id || undefined,
        arguments: given,
        argumentsHash: hashOf(given),
      };
    })
  );
}

function argumentsOf(block: TurnBlock): unknown {
  return block.tool_arguments ?? block.tool_input ?? {};
}

/** SHA-256 of a value in canonical JSON (RFC 8785), 64 hexadecimal digits. Lone surrogates are replaced. */
function hashOf(value: unknown): string {
  const text = JSON.stringify(value, (_key, each) => typeof each === "string" ? each.toWellFormed() : each);
  return createHash("sha256").update(canonicalize(readJson(text)) ?? "null").digest("hex");
}
