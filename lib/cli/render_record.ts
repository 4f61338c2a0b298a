import type { BusRecord } from "../bus/contract.ts";
import { readJson } from "../json/read_json.ts";
import { timeOf } from "./format.ts";
import { oneLine } from "./printable.ts";
import type { Style } from "./style.ts";

/** A record as one line of JSON: text and JSON values as they are, other bytes as base64. */
export function recordAsJson(record: BusRecord): string {
  return JSON.stringify({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: new Date(record.timestamp).toISOString(),
    ...jsonOf(record),
  });
}

/** What is in a record, for JSON. */
export function jsonOf(record: Pick<BusRecord, "key" | "headers" | "value">): Record<string, unknown> {
  return {
    key: record.key && textOrBase64(record.key),
    headers: record.headers.map(([name, value]) => [name, textOrBase64(value)]),
    ...valueOf(record.value),
  };
}

/** A record as one line for a person: time, partition, offset, key and the value as it is. */
export function recordAsLine(record: BusRecord, style: Style): string {
  const place = `${record.partition}/${record.offset}`;
  const key = record.key === null ? "-" : show(record.key);
  const value = record.value === null ? style.dim("(tombstone)") : show(record.value);
  return `${style.dim(timeOf(record.timestamp))} ${style.cyan(place)} ${style.yellow(key)} ${value}`;
}

/** Text, or `undefined` where the bytes are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // bytes of another kind are shown as such
  }
}

function show(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return text === undefined ? `(${bytes.length} bytes) ${base64(bytes.subarray(0, 48))}…` : oneLine(text);
}

function valueOf(bytes: Uint8Array | null): Record<string, unknown> {
  if (bytes === null) return { value: null };
  const text = textOf(bytes);
  if (text === undefined) return { value_base64: base64(bytes) };
  try {
    return { value: readJson(text) };
  } catch {
    return { value: text };
  }
}

function textOrBase64(bytes: Uint8Array): string | { base64: string } {
  return textOf(bytes) ?? { base64: base64(bytes) };
}

function base64(bytes: Uint8Array): string {
  return bytes.toBase64();
}
