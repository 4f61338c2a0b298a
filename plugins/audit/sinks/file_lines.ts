import type { FileHandle } from "node:fs/promises";

/** What ends a line. */
export const LF = 0x0a;

/** Bytes read at once. */
const CHUNK = 64 * 1024;

/** The last whole line without its line feed, absent where there is none, and where it ends with it. */
export async function lastLine(
  handle: FileHandle,
  size: number,
): Promise<{ line?: Uint8Array; end: number }> {
  let text: Uint8Array = new Uint8Array(0);
  for (let from = size; from > 0;) {
    const length = Math.min(CHUNK, from);
    from -= length;
    text = concat([await readAt(handle, from, length), text]);
    const end = text.lastIndexOf(LF);
    if (end < 0) continue;
    const before = end === 0 ? -1 : text.lastIndexOf(LF, end - 1);
    if (before >= 0 || from === 0) return { line: text.subarray(before + 1, end), end: from + end + 1 };
  }
  return { end: 0 };
}

/** The first line of a file that has one, without its line feed. */
export async function firstLine(handle: FileHandle, size: number): Promise<Uint8Array> {
  let text: Uint8Array = new Uint8Array(0);
  while (text.length < size && !text.includes(LF)) {
    text = concat([text, await readAt(handle, text.length, Math.min(CHUNK, size - text.length))]);
  }
  return text.subarray(0, text.indexOf(LF));
}

/** All parts as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function readAt(handle: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await handle.read(bytes, 0, length, from);
  return bytes.subarray(0, bytesRead);
}
