import { readJson } from "../json/read_json.ts";

/** Makes a value or key of bytes; `null` is a tombstone, or no key. */
export type Deserializer<T = unknown> = (bytes: Uint8Array | null) => T;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a consumer does with keys unless it is given a deserializer: text where it is UTF-8, else the bytes. */
export function deserializeKey(bytes: Uint8Array | null): string | Uint8Array | null {
  return bytes === null ? null : textOf(bytes) ?? bytes;
}

/**
 * What a consumer does with values unless it is given a deserializer: what the JSON says, else the text, else the
 * bytes. Blank text is `""`. Never throws.
 */
export function deserializeValue(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null;
  const text = textOf(bytes);
  if (text === undefined) return bytes;
  try {
    return readJson(text);
  } catch {
    return text.trim() === "" ? "" : text;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
