import { Buffer } from "node:buffer";
import { frontierOf } from "../tree/subtrees.ts";
import type { ChainedRecord } from "./read_record.ts";

/** What stands for records that were removed: enough to go on with chain and tree behind them. */
export interface Anchor {
  readonly writer: string;
  /** Number of the first record that is kept; so many were removed. */
  readonly first: number;
  /** Hash of the last one removed, 64 hexadecimal digits. */
  readonly head: string;
  /** Hashes of `frontierOf(first)`, in its order, 64 hexadecimal digits each. */
  readonly subtrees: readonly string[];
}

const HASH = /^[0-9a-f]{64}$/;

/** The facts of a `retention` record that removes what is before the anchor. */
export function anchorFacts({ first, head, subtrees }: Anchor): {
  first: number;
  head: string;
  subtrees: readonly string[];
} {
  return { first, head, subtrees };
}

/** What a `retention` record says of those removed; `undefined` where it says no such thing. */
export function anchorOf(
  { writer, facts: { first, head, subtrees } = {} }: Pick<ChainedRecord, "writer" | "facts">,
): Anchor | undefined {
  return toAnchor({ writer, first, head, subtrees });
}

/** The anchor a value is; `undefined` where it is none. */
export function toAnchor(value: unknown): Anchor | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { writer, first, head, subtrees } = value as Partial<Record<keyof Anchor, unknown>>;
  if (typeof writer !== "string" || typeof first !== "number" || typeof head !== "string") return undefined;
  if (!Number.isSafeInteger(first) || first < 1 || !HASH.test(head) || !Array.isArray(subtrees)) {
    return undefined;
  }
  const hashes = subtrees.filter((hash): hash is string => typeof hash === "string" && HASH.test(hash));
  if (hashes.length !== subtrees.length || hashes.length !== frontierOf(first).length) return undefined;
  return { writer, first, head, subtrees: hashes };
}

/** The hashes of an anchor's subtrees. */
export function anchorHashes({ subtrees }: Anchor): Uint8Array[] {
  return subtrees.map((hash) => Buffer.from(hash, "hex"));
}

/** Whether two anchors say the same. */
export function sameAnchor(one: Anchor, other: Anchor): boolean {
  return one.writer === other.writer && one.first === other.first && one.head === other.head &&
    one.subtrees.join() === other.subtrees.join();
}
