import type { Header } from "../../bus/contract.ts";
import { encodeHeaders } from "../../bus/encode.ts";
import type { OutgoingValue, PublishRequest } from "../../bus/handler.ts";
import { packHeaders, unpackHeaders } from "./pack_headers.ts";
import { type Packed, Packer, Unpacker } from "./packer.ts";

/** A record that another may follow from. */
type Origin = NonNullable<PublishRequest["from"]>;

/** Requests on their way to the agent's thread. */
export interface PackedRequests extends Packed {
  /** Values that a plugin's own codec turns into bytes over there, as structured clones. */
  readonly values: readonly OutgoingValue[];
}

/** What packing needs. */
export interface PackRequestsOptions {
  /**
   * The bytes of a value; `undefined`: they are made over there.
   * @throws {TypeError} the topic does not take the value.
   */
  encode(topic: string, value: OutgoingValue): Uint8Array | null | undefined;
  /** Records that the other side has: those of the batch that is handled. */
  records?: readonly Origin[];
}

const encoder = new TextEncoder();

/** Stand for a place in the batch; no place is negative. */
const ABSENT = -1;
const FOREIGN = -2;
/** How a value or key is there. */
const KIND = { absent: 0, bytes: 1, clone: 2 } as const;

/**
 * Requests, to be transferred.
 * @throws {TypeError} a value that its topic does not take.
 */
export function packRequests(
  requests: readonly PublishRequest[],
  { encode, records = [] }: PackRequestsOptions,
): PackedRequests {
  const packer = new Packer();
  const values: OutgoingValue[] = [];
  let places: Map<Origin, number> | undefined;
  packer.number(requests.length);
  for (const { topic, value, key, headers, partition, timestamp, from } of requests) {
    packer.text(topic);
    const bytes = encode(topic, value);
    if (bytes === undefined) {
      packer.number(KIND.clone);
      packer.number(values.push(value) - 1);
    } else {
      packer.number(KIND.bytes);
      packer.bytes(bytes);
    }
    if (key === undefined) packer.number(KIND.absent);
    else {
      packer.number(KIND.bytes);
      packer.bytes(typeof key === "string" ? encoder.encode(key) : key);
    }
    packOptionalHeaders(packer, headers && encodeHeaders(headers));
    packer.number(partition ?? NaN);
    packer.number(timestamp ?? NaN);
    if (from === undefined) packer.number(ABSENT);
    else {
      places ??= new Map(records.map((record, at) => [record, at]));
      const at = places.get(from) ?? FOREIGN;
      packer.number(at);
      if (at === FOREIGN) packHeaders(packer, from.headers);
    }
  }
  return { ...packer.finish(), values };
}

/** The same requests, on the other side; values are bytes wherever the codec is known there. */
export function unpackRequests(packed: PackedRequests, records: readonly Origin[] = []): PublishRequest[] {
  const unpacker = new Unpacker(packed);
  const requests: PublishRequest[] = [];
  for (let left = unpacker.number(); left > 0; left--) {
    const topic = unpacker.text();
    const value = unpacker.number() === KIND.clone
      ? packed.values[unpacker.number()] ?? null
      : unpacker.bytes();
    const request: PublishRequest = { topic, value };
    if (unpacker.number() === KIND.bytes) request.key = unpacker.bytes();
    const headers = unpackOptionalHeaders(unpacker);
    if (headers !== undefined) request.headers = headers;
    const partition = unpacker.number();
    if (!Number.isNaN(partition)) request.partition = partition;
    const timestamp = unpacker.number();
    if (!Number.isNaN(timestamp)) request.timestamp = timestamp;
    const from = unpacker.number();
    if (from === FOREIGN) request.from = { headers: unpackHeaders(unpacker) };
    else if (from !== ABSENT) request.from = originAt(records, from);
    requests.push(request);
  }
  return requests;
}

function originAt(records: readonly Origin[], at: number): Origin {
  const found = records[at];
  if (found === undefined) throw new RangeError(`Cannot unpack a request: there is no record ${at}`);
  return found;
}

function packOptionalHeaders(packer: Packer, headers: readonly Header[] | undefined): void {
  packer.number(headers === undefined ? 0 : 1);
  if (headers !== undefined) packHeaders(packer, headers);
}

function unpackOptionalHeaders(unpacker: Unpacker): Header[] | undefined {
  return unpacker.number() === 0 ? undefined : unpackHeaders(unpacker);
}
