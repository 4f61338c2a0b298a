import { readJson } from "../json/read_json.ts";
import type { Codec, OutgoingValue } from "./handler.ts";

/** A codec by its name. */
export type CodecName = "json" | "bytes" | "text";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** Any value with a JSON form, as UTF-8. */
const json: Codec = {
  name: "json",
  encode(value) {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (cause) {
      throw new TypeError("it has no JSON form; give bytes or plain data", { cause });
    }
    if (text === undefined) {
      throw new TypeError(`${typeof value} has no JSON form; give bytes or plain data`);
    }
    return encoder.encode(text);
  },
  decode: (bytes) => readJson(utf8(bytes)),
};

/** Bytes as they are. */
const bytes: Codec = {
  name: "bytes",
  encode: (value) => {
    throw new TypeError(`its values are bytes, not ${kindOf(value)}; give a Uint8Array`);
  },
  decode: (value) => value,
};

/** Texts as UTF-8. */
const text: Codec = {
  name: "text",
  encode(value) {
    if (typeof value === "string") return encoder.encode(value);
    throw new TypeError(`its values are text, not ${kindOf(value)}; give a string or bytes`);
  },
  decode: utf8,
};

/** Codecs that need no code of a plugin's. */
export const CODECS: Readonly<Record<CodecName, Codec>> = { json, bytes, text };

/** The strict decoder is several times slower, and hardly ever needed. */
function utf8(value: Uint8Array): string {
  const decoded = decoder.decode(value);
  return decoded.includes("\ufffd") ? strict.decode(value) : decoded;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** What a value of these is: bytes go as they are, `null` is a tombstone. */
export function isEncoded(value: OutgoingValue): value is Uint8Array | null {
  return value === null || value instanceof Uint8Array;
}
