import { Buffer } from "node:buffer";
import type { Redaction } from "capstan";
import { readJson } from "capstan/json";

/** Whether redaction would take something out of a row: out of its texts, or of data that stands in one as JSON. */
export function hasSecret(row: object, redact: Redaction): boolean {
  return Object.values(row).some((value: unknown) => {
    if (value instanceof Uint8Array) return isRedacted(Buffer.from(value).toString(), redact);
    return typeof value === "string" && isRedacted(value, redact);
  });
}

function isRedacted(text: string, redact: Redaction): boolean {
  if (!/^[[{]/.test(text)) return redact.text(text) !== text;
  try {
    const value: unknown = readJson(text);
    return redact.value(value) !== value;
  } catch {
    // A text that begins like JSON.
    return redact.text(text) !== text;
  }
}
