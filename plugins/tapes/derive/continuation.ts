import { hash } from "node:crypto";
import type { Message } from "../turn.ts";
import { goJson } from "./go_json.ts";

/** 48 bits, so that a key is a whole number for SQLite and JavaScript alike. */
const BITS = 2 ** 48;

/** Whose conversation a call belongs to: calls of different scopes never continue one another. */
export interface Scope {
  tenant: string | null;
  user: string | null;
  agent: string | null;
}

function key(hex: string): number {
  return Number.parseInt(hex.slice(0, 12), 16);
}

/** The part of a request key that a scope adds. */
export function scopeKey({ tenant, user, agent }: Scope): number {
  if (tenant === null && user === null && agent === null) return 0;
  return key(hash("sha256", JSON.stringify([tenant, user, agent]), "hex"));
}

/** Key of a turn by the last message of its request, within a scope. Small, for an index; check the hash itself too. */
export function requestKey(head: string, scope: number): number {
  return (key(head) + scope) % BITS;
}

/**
 * Key of what an answer said, the same for the answer itself and for the message with which a client repeats it:
 * clients leave out thinking, change white space at the ends, and name another model.
 */
export function answerKey(message: Message): number {
  const parts: string[] = [];
  for (const block of message.content ?? []) {
    if (block.type === "text") parts.push(`t${(block.text ?? "").trim()}`);
    else if (block.type === "tool_use") {
      parts.push(`u${block.tool_use_id ?? ""} ${block.tool_name ?? ""} ${goJson(block.tool_input ?? {})}`);
    }
  }
  return key(hash("sha256", parts.join("\0").toWellFormed(), "hex"));
}
