import type { Header } from "../../bus/contract.ts";
import type { Packer, Unpacker } from "./packer.ts";

/** Writes headers, in their order. */
export function packHeaders(packer: Packer, headers: readonly Header[]): void {
  packer.number(headers.length);
  for (const [name, value] of headers) {
    packer.text(name);
    packer.bytes(value);
  }
}

/** Reads headers. */
export function unpackHeaders(unpacker: Unpacker): Header[] {
  const headers: Header[] = [];
  for (let left = unpacker.number(); left > 0; left--) {
    headers.push([unpacker.text(), unpacker.bytes() ?? new Uint8Array()]);
  }
  return headers;
}
