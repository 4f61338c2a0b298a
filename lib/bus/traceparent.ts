import type { BusRecord, Header } from "./contract.ts";

/** A trace that a record belongs to, as W3C Trace Context has it. */
export interface Trace {
  /** 32 hexadecimal digits, not all 0. */
  traceId: string;
  /** 16 hexadecimal digits, not all 0: what the record follows from. */
  parentId: string;
  /** 2 hexadecimal digits. */
  flags: string;
  /** Headers `tracestate`, as they are. */
  state: readonly Header[];
}

/** Names of the two headers. */
export const TRACEPARENT = "traceparent";
export const TRACESTATE = "tracestate";

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s;
/** Flags that version 00 knows: sampled, and random trace id. */
const KNOWN_FLAGS = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a header `traceparent` says; `undefined` where it is not valid. A later version is read as far as it is known. */
export function parseTraceparent(text: string): Omit<Trace, "state"> | undefined {
  const [, version, traceId = "", parentId = "", flags = "", rest] = FORM.exec(text) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  if (version === "00") return { traceId, parentId, flags };
  const known = parseInt(flags, 16) & KNOWN_FLAGS;
  return { traceId, parentId, flags: known.toString(16).padStart(2, "0") };
}

/** The trace a record's headers name; `undefined` where they name none, an invalid one, or several. */
export function traceOf(headers: readonly Header[]): Trace | undefined {
  const [own, ...others] = headers.filter(([name]) => name === TRACEPARENT);
  if (own === undefined || others.length > 0) return undefined;
  const parsed = parseTraceparent(decoder.decode(own[1]));
  return parsed && { ...parsed, state: headers.filter(([name]) => name === TRACESTATE) };
}

/** The trace that all these records belong to, as the first has it. */
export function sharedTrace(records: readonly Pick<BusRecord, "headers">[]): Trace | undefined {
  const [first, ...others] = records;
  const shared = first && traceOf(first.headers);
  return shared && others.every(({ headers }) => traceOf(headers)?.traceId === shared.traceId)
    ? shared
    : undefined;
}

/** Headers of a record that follows from one of this trace. */
export function traceHeaders({ traceId, flags, state }: Trace): Header[] {
  return [[TRACEPARENT, encoder.encode(`00-${traceId}-${newParentId()}-${flags}`)], ...state];
}

/** 64 random bits; of a UUID the parts that hold no version. */
function newParentId(): string {
  const uuid = crypto.randomUUID();
  return uuid.slice(0, 8) + uuid.slice(28);
}
