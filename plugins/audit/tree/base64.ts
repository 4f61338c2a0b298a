import { Buffer } from "node:buffer";

/**
 * The bytes of standard base64 (RFC 4648, section 4) in its one canonical form; `undefined` where it is not that: line
 * breaks, a missing `=`, the other alphabet, or bits set that mean nothing.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}

/** Bytes as standard base64. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
