import { readJson } from "../json/read_json.ts";
import type { Redaction } from "./redaction.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** JSON without what is found in it; the same bytes where nothing is. What is no JSON is read as a text. */
export function redactJson(bytes: Uint8Array, redaction: Redaction): Uint8Array {
  const text = textOf(bytes);
  if (text === undefined) return bytes;
  let value: unknown;
  try {
    value = readJson(text);
  } catch {
    // Readers will refuse it; until then it is a text like any other.
    return redactText(text, bytes, redaction);
  }
  const redacted = redaction.value(value);
  return redacted === value ? bytes : encoder.encode(JSON.stringify(redacted));
}

/** A text without what is found in it; the same bytes where nothing is, and where they are no UTF-8. */
export function redactUtf8(bytes: Uint8Array, redaction: Redaction): Uint8Array {
  const text = textOf(bytes);
  return text === undefined ? bytes : redactText(text, bytes, redaction);
}

/** The same for keys, which must differ where they differed. */
export function redactKey(bytes: Uint8Array, redaction: Redaction): Uint8Array {
  const text = textOf(bytes);
  if (text === undefined) return bytes;
  const redacted = redaction.identity(text);
  return redacted === text ? bytes : encoder.encode(redacted);
}

function redactText(text: string, bytes: Uint8Array, redaction: Redaction): Uint8Array {
  const redacted = redaction.text(text);
  return redacted === text ? bytes : encoder.encode(redacted);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    // No text: there is nothing in it that could be found.
    return undefined;
  }
}
