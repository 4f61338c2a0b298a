import { EXPORT_HEADER, parseExportLine } from "./export_format.ts";
import { readRecord } from "./read_record.ts";

/** Lines among which one must be of an export, where the first is not its header. */
const LINES = 3;

/**
 * Whether a file that begins with these bytes is an export, be it a damaged one: its first line is the header, or one of
 * the first lines is what an export has.
 */
export function looksLikeExport(beginning: Uint8Array): boolean {
  const header = new TextEncoder().encode(EXPORT_HEADER);
  if (header.every((byte, at) => beginning[at] === byte)) return true;
  let rest = beginning;
  for (let line = 0; line < LINES; line++) {
    const end = rest.indexOf(0x0a);
    if (end < 0) return false;
    if (isLine(rest.subarray(0, end))) return true;
    rest = rest.subarray(end + 1);
  }
  return false;
}

function isLine(bytes: Uint8Array): boolean {
  const { type } = parseExportLine(bytes);
  if (type !== "record") return type !== "bad";
  return "record" in readRecord(bytes);
}
