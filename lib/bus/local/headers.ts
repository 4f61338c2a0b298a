import type { Header } from "../contract.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NONE: readonly Header[] = [];

/**
 * Headers as one blob: for each, length of the name, name, length of the value, value; lengths are 32 bits, most
 * significant byte first. `null` for none.
 */
export function encodeHeaders(headers: readonly Header[] | undefined): Uint8Array | null {
  if (!headers || headers.length === 0) return null;
  const names = headers.map(([name]) => encoder.encode(name));
  let size = 0;
  headers.forEach(([, value], i) => size += 8 + names[i]!.length + value.length);
  const blob = new Uint8Array(size);
  const view = new DataView(blob.buffer);
  let at = 0;
  const put = (bytes: Uint8Array) => {
    view.setUint32(at, bytes.length);
    blob.set(bytes, at + 4);
    at += 4 + bytes.length;
  };
  headers.forEach(([, value], i) => {
    put(names[i]!);
    put(value);
  });
  return blob;
}

/**
 * The headers of such a blob; their values share its memory.
 * @throws {RangeError} the blob is cut short.
 */
export function decodeHeaders(blob: Uint8Array | null): readonly Header[] {
  if (blob === null) return NONE;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const headers: Header[] = [];
  let at = 0;
  const take = () => {
    const length = at + 4 <= blob.length ? view.getUint32(at) : Infinity;
    const from = at + 4;
    at = from + length;
    if (at > blob.length) {
      throw new RangeError(`Cannot read headers of ${blob.length} bytes: a length points behind their end`);
    }
    return blob.subarray(from, at);
  };
  while (at < blob.length) headers.push([decoder.decode(take()), take()]);
  return headers;
}
