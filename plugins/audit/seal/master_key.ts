import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { KEY_BYTES } from "./box.ts";
import { UnusableKey } from "./unusable_key.ts";

/** The key under which all others are wrapped. */
export interface MasterKey {
  /** 16 hexadecimal digits of a hash of the key: what rows name it by. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** A master key of 32 bytes. */
export function masterKey(key: Uint8Array): MasterKey {
  const id = createHash("sha256").update("capstan audit master key\0").update(key).digest("hex").slice(0, 16);
  return { id, key };
}

/**
 * Reads master keys from text: each 32 bytes as base64 or 64 hexadecimal digits, one a line or with commas between; the
 * first is the current one. Lines that start with # are remarks.
 * @throws {UnusableKey} one of them is no such key; `where` names the place.
 */
export function readMasterKeys(text: string, where: string): MasterKey[] {
  const words = text.split("\n").filter((line) => !line.startsWith("#")).join(",").split(/[\s,]+/).filter(
    Boolean,
  );
  const keys = words.map((word, at) => {
    const key = Buffer.from(word, /^[0-9a-f]{64}$/i.test(word) ? "hex" : "base64");
    if (key.length === KEY_BYTES) return masterKey(key);
    throw new UnusableKey(
      `Cannot use the master key of the audit trail: key ${
        at + 1
      } of ${where} is ${key.length} bytes long; ` +
        "give 32 bytes as base64 or 64 hexadecimal digits",
    );
  });
  if (keys.length > 0) return keys;
  throw new UnusableKey(
    `Cannot use the master key of the audit trail: ${where} holds none; put the key back`,
  );
}
