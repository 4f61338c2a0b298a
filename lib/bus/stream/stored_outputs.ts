import { Buffer } from "node:buffer";
import { readJson } from "../../json/read_json.ts";
import type { OutgoingRecord } from "../contract.ts";

interface Stored {
  topic: string;
  partition?: number;
  key?: string | null;
  value: string | null;
  headers?: [string, string][];
  timestamp?: number;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

/** Outputs as they lie in a fence until the bus has them. */
export function storeOutputs(records: readonly OutgoingRecord[]): string {
  return JSON.stringify(records.map((record): Stored => ({
    ...record,
    key: record.key && base64(record.key),
    value: record.value && base64(record.value),
    headers: record.headers?.map(([name, value]): [string, string] => [name, base64(value)]),
  })));
}

/** Outputs as they were stored. */
export function storedOutputs(text: string): OutgoingRecord[] {
  const stored: Stored[] = readJson(text);
  return stored.map(({ key, value, headers, ...rest }) => ({
    ...rest,
    ...(key !== undefined && { key: key === null ? null : bytes(key) }),
    value: value === null ? null : bytes(value),
    ...(headers && { headers: headers.map(([name, each]) => [name, bytes(each)] as const) }),
  }));
}
