import { createHash } from "node:crypto";
import type { TurnEvent } from "./turn_event.ts";

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;

/** Where a turn's spans belong. */
export interface TraceOfTurn {
  /** The caller's, else the conversation's. */
  traceId: string;
  /** The caller's span. */
  parentId?: string;
}

/** The trace a turn belongs to: the one its client named, else one for each conversation. */
export function traceOfTurn({ traceparent, conversation }: TurnEvent): TraceOfTurn {
  const [, traceId, parentId] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId !== undefined && parentId !== undefined && !/^0+$/.test(traceId) && !/^0+$/.test(parentId)) {
    return { traceId, parentId };
  }
  return { traceId: digest(["trace", conversation]).slice(0, 32) };
}

/** The id of a span: the same parts give the same id. */
export function spanId(...parts: readonly (string | number)[]): string {
  return digest(["span", ...parts]).slice(0, 16);
}

function digest(parts: readonly (string | number)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
