import { Buffer } from "node:buffer";

/** node:http gives header bytes as one character each; this reads them as UTF-8, with U+FFFD where they are not. */
export function headerText(value: string): string {
  for (let at = 0; at < value.length; at++) {
    if (value.charCodeAt(at) > 127) return Buffer.from(value, "latin1").toString("utf8");
  }
  return value;
}
