import { deserialize, serialize } from "node:v8";
import type { Opened } from "./protocol.ts";

/** Bytes in front of what is passed: whether it is there, and its length. */
const HEAD = 8;
/** What a setup registers is a few kilobytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Memory by which a thread that stands still is told what came of opening. */
export function createGate(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD, { maxByteLength: MAX_BYTES });
}

/**
 * Tells it, and lets the other thread go on.
 * @throws {Error} it is not plain data.
 */
export function passGate(gate: SharedArrayBuffer, opened: Opened): void {
  const bytes = serialize(opened);
  gate.grow(HEAD + bytes.length);
  new Uint8Array(gate, HEAD, bytes.length).set(bytes);
  const head = new Int32Array(gate, 0, 2);
  head[1] = bytes.length;
  Atomics.store(head, 0, 1);
  Atomics.notify(head, 0);
}

/** Stands still until the other thread has told it; `undefined`: it did not in time. */
export function waitAtGate(gate: SharedArrayBuffer, timeoutMs: number): Opened | undefined {
  const head = new Int32Array(gate, 0, 2);
  if (Atomics.wait(head, 0, 0, timeoutMs) === "timed-out") return undefined;
  return deserialize(new Uint8Array(gate, HEAD, head[1] ?? 0).slice());
}
