import type { Redaction } from "capstan";
import type { Call, CallMeta } from "../call.ts";
import { type Blob, toBlob } from "../ledger/blobs.ts";
import type { Parsed, TurnRequest } from "../turn.ts";
import { redactMeta, redactParsed } from "./redact_call.ts";
import { type Ancestor, buildChain, type Chain } from "./chain.ts";

/** A call parsed: all that needs no database. */
export interface ParsedCall {
  meta: CallMeta;
  parsed: Parsed;
  system?: Blob;
  tools?: Blob;
}

/** A call parsed and hashed, ready to be written. */
export interface PreparedCall extends ParsedCall {
  /** Absent where the request could not be read. */
  chain?: Chain;
  /** The request's messages from this one on are in no table yet, as far as was seen. */
  newFrom: number;
}

/** What was asked, where it could be read. */
export function requestOf(parsed: Parsed): TurnRequest | undefined {
  return "turn" in parsed ? parsed.turn.request : parsed.request;
}

/** Whose call it is: the user of the headers, else the one the body names. */
export function userOf({ meta, parsed }: ParsedCall): string | undefined {
  return meta.user ?? requestOf(parsed)?.user;
}

/**
 * Parses a call with `parse`, and takes out what redaction finds. What `parse` throws is a bug of ours, and makes a row
 * that says so.
 */
export function toParsedCall(call: Call, parse: (call: Call) => Parsed, redact: Redaction): ParsedCall {
  const parsed = redactParsed(parse(call), redact);
  const request = requestOf(parsed);
  const result: ParsedCall = { meta: redactMeta(call.meta, redact), parsed };
  if (request?.system !== undefined && request.system !== null) result.system = toBlob(request.system);
  if (request?.tools !== undefined && request.tools.length > 0) result.tools = toBlob(request.tools);
  return result;
}

/** A call of which nothing but its metadata can be entered. */
export function failedCall(meta: CallMeta, cause: unknown): PreparedCall {
  const detail = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  return { meta, parsed: { reason: "deriver-failed", detail }, newFrom: 0 };
}

/** Hashes a parsed call. `after` is the answer it continues without repeating it. */
export function hashCall(call: ParsedCall, after?: Ancestor): PreparedCall {
  const request = requestOf(call.parsed);
  if (request === undefined) return { ...call, newFrom: 0 };
  const { provider, agent } = call.meta;
  const answers = "turn" in call.parsed ? call.parsed.turn.answers : [];
  const chain = buildChain({ provider, agent, request, answers, after });
  return { ...call, chain, newFrom: chain.request.length };
}

/**
 * Walks back from the end of the request until a stored node is found: parents are stored before their children, so
 * that all before it are stored too. Writes the JSON of what is new.
 */
export function findNew(call: PreparedCall, isStored: (hash: string) => boolean): PreparedCall {
  const { chain, parsed } = call;
  if (chain === undefined || !("turn" in parsed)) return call;
  let newFrom = chain.request.length;
  while (newFrom > 0) {
    const node = chain.request[newFrom - 1];
    if (node === undefined || isStored(node.hash)) break;
    newFrom--;
  }
  return { ...call, newFrom };
}
