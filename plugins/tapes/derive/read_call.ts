import type { Redaction } from "capstan";
import { readJson } from "capstan/json";
import { type Call, type CallMeta, decodeCall } from "../call.ts";

/** A call, or what could still be read of it. */
export type ReadCall = { call: Call } | { meta: CallMeta; cause: unknown } | { cause: unknown };

function isMeta(value: unknown): value is CallMeta {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" &&
    "provider" in value && typeof value.provider === "string" &&
    "started_at" in value && typeof value.started_at === "number" &&
    "ended_at" in value && typeof value.ended_at === "number" &&
    "method" in value && typeof value.method === "string" && "target" in value &&
    typeof value.target === "string" &&
    "provider_type" in value && typeof value.provider_type === "string" &&
    "outcome" in value && typeof value.outcome === "string" &&
    "request_bytes" in value && typeof value.request_bytes === "number" &&
    "response_bytes" in value && typeof value.response_bytes === "number";
}

/** Reads a record of the calls topic, sealed or not. Of a damaged one the metadata is saved where it is whole. */
export function readCall(stored: Uint8Array | null, redact: Pick<Redaction, "open">): ReadCall {
  if (stored === null) return { cause: new TypeError("Cannot decode call: the record has no value") };
  let value: Uint8Array;
  try {
    value = redact.open(stored);
  } catch (cause) {
    return { cause };
  }
  try {
    const call = decodeCall(value);
    if (!isMeta(call.meta)) return { cause: new TypeError("Cannot decode call: its metadata lacks members") };
    return { call };
  } catch (cause) {
    try {
      const length = new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0);
      const meta: unknown = readJson(new TextDecoder().decode(value.subarray(8, 8 + length)));
      return isMeta(meta) ? { meta, cause } : { cause };
    } catch {
      // Nothing of it can be read; the first error says why.
      return { cause };
    }
  }
}
