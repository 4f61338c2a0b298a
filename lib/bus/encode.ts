import type { Header, OutgoingRecord } from "./contract.ts";
import type { OutgoingValue, PublishRequest } from "./handler.ts";

const encoder = new TextEncoder();

/**
 * A value as bytes: bytes as they are, anything else as JSON; `null` is a tombstone.
 * @throws {TypeError} the value has no JSON form.
 */
export function encodeValue(value: OutgoingValue): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError("Cannot publish a value: it has no JSON form; give bytes or plain data", { cause });
  }
  if (json === undefined) {
    throw new TypeError(`Cannot publish a value: ${typeof value} has no JSON form; give bytes or plain data`);
  }
  return encoder.encode(json);
}

/** The record of a request, under the topic's real name. */
export function encodeRequest(request: PublishRequest, realName: (topic: string) => string): OutgoingRecord {
  const record: OutgoingRecord = { topic: realName(request.topic), value: encodeValue(request.value) };
  if (request.key !== undefined) {
    record.key = typeof request.key === "string" ? encoder.encode(request.key) : request.key;
  }
  if (request.headers !== undefined) record.headers = encodeHeaders(request.headers);
  if (request.partition !== undefined) record.partition = request.partition;
  if (request.timestamp !== undefined) record.timestamp = request.timestamp;
  return record;
}

/** Headers with text values, or as they are. */
export function encodeHeaders(headers: NonNullable<PublishRequest["headers"]>): readonly Header[] {
  if (isHeaderList(headers)) return headers;
  return Object.entries(headers).map(([name, value]): Header => [name, encoder.encode(value)]);
}

function isHeaderList(headers: NonNullable<PublishRequest["headers"]>): headers is readonly Header[] {
  return Array.isArray(headers);
}
