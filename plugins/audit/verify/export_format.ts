import canonicalize from "canonicalize";
import { readJson } from "capstan/json";
import { type Anchor, toAnchor } from "./anchor.ts";
import { isCanonical } from "./is_canonical.ts";

const decoder = new TextDecoder();

/**
 * An export is lines of UTF-8, each one canonical JSON value (RFC 8785) and a line feed:
 *
 * 1. `{"format":"capstan-audit-export","v":1}`
 * 2. for each writer whose first records were removed: `{"anchor":{"first":…,"head":…,"subtrees":[…],"writer":…}}`
 * 3. the records as they are in the topic, a writer's in their order, and `{"checkpoint":"…"}` with the text of the
 *    signed note: after the record that makes its size, before the next one of that writer
 * 4. for records that were picked out: `{"proof":…}` with what `audit prove` writes, in place of the record
 * 5. `{"opened":{"content":…,"erased":…,"seq":…,"writer":…}}`: what the record or proof before it says once opened, null
 *    where it has no content or its key was destroyed; nothing vouches for it but who exported it
 * 6. `{"end":{"checkpoints":…,"proofs":…,"records":…}}` with the number of lines of each kind
 *
 * So it is verified in one pass, and one that was cut is known as such.
 */
export const EXPORT_HEADER = line({ format: "capstan-audit-export", v: 1 });

/** How many lines of each kind an export has. */
export interface ExportCounts {
  readonly records: number;
  readonly checkpoints: number;
  readonly proofs: number;
}

/** What a line of an export is. */
export type ExportLine =
  | { readonly type: "header" }
  | { readonly type: "record" }
  | { readonly type: "checkpoint"; readonly note: string }
  | { readonly type: "anchor"; readonly anchor: Anchor }
  | { readonly type: "proof"; readonly proof: unknown }
  | { readonly type: "opened" }
  | { readonly type: "end"; readonly counts: ExportCounts }
  | { readonly type: "bad"; readonly why: string };

/** The line of a checkpoint. */
export function checkpointLine(note: string): string {
  return line({ checkpoint: note });
}

/** The line that stands for removed records. */
export function anchorLine(anchor: Anchor): string {
  return line({ anchor });
}

/** The line of a record that was picked out, with its proof. */
export function proofLine(proof: unknown): string {
  return line({ proof });
}

/** The line of a record's content, opened. */
export function openedLine(
  { writer, seq }: { readonly writer: string; readonly seq: number },
  { content, erased }: { readonly content: unknown; readonly erased: boolean },
): string {
  return line({ opened: { writer, seq, content, erased } });
}

/** The last line. */
export function endLine({ records, checkpoints, proofs }: ExportCounts): string {
  return line({ end: { records, checkpoints, proofs } });
}

const MEMBER = /^\{"(anchor|checkpoint|end|format|opened|proof)":/;
/** Bytes in which that is found. */
const MEMBER_BYTES = 16;

/** Reads a line, without its line feed. A record is not read. */
export function parseExportLine(bytes: Uint8Array): ExportLine {
  if (!MEMBER.test(decoder.decode(bytes.subarray(0, MEMBER_BYTES)))) return { type: "record" };
  const text = decoder.decode(bytes);
  let value: Readonly<Record<string, unknown>>;
  try {
    value = readJson(text);
  } catch {
    return { type: "bad", why: "it is no JSON" };
  }
  if (!isCanonical(value, text)) return { type: "bad", why: "it is not in canonical JSON (RFC 8785)" };
  const [member, ...more] = Object.keys(value);
  if (member === "format") {
    return `${text}\n` === EXPORT_HEADER
      ? { type: "header" }
      : { type: "bad", why: `it is of another format or version, not ${EXPORT_HEADER.trimEnd()}` };
  }
  if (more.length > 0) return { type: "bad", why: `it has ${more.join(", ")} beside ${member}` };
  if (member === "checkpoint" && typeof value.checkpoint === "string") {
    return { type: "checkpoint", note: value.checkpoint };
  }
  if (member === "opened") return { type: "opened" };
  if (member === "proof") return { type: "proof", proof: value.proof };
  const anchor = member === "anchor" && toAnchor(value.anchor);
  if (anchor && Object.keys(value.anchor ?? {}).length === 4) return { type: "anchor", anchor };
  const counts = member === "end" && toCounts(value.end);
  if (counts) return { type: "end", counts };
  return { type: "bad", why: `its ${member} is none` };
}

function toCounts(value: unknown): ExportCounts | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 3) return undefined;
  const { records, checkpoints, proofs } = value as Partial<ExportCounts>;
  if (![records, checkpoints, proofs].every((count) => Number.isSafeInteger(count))) return undefined;
  return { records: records ?? 0, checkpoints: checkpoints ?? 0, proofs: proofs ?? 0 };
}

function line(value: unknown): string {
  return `${canonicalize(value)}\n`;
}
