import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** What sealed bytes begin with: no record of ours does. Behind it: 12 bytes nonce, 16 bytes tag, what was sealed. */
const MARK = Uint8Array.of(0xff, 0x63, 0x61, 0x70, 0x01);
const NONCE = 12;
const TAG = 16;
const HEAD = MARK.length + NONCE + TAG;

/** Whether these bytes were sealed. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD && MARK.every((byte, at) => bytes[at] === byte);
}

/** Bytes as nobody without the key can read or alter them: AES-256-GCM. */
export function seal(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = new Uint8Array(HEAD + bytes.length);
  sealed.set(MARK);
  sealed.set(nonce, MARK.length);
  sealed.set(cipher.update(bytes), HEAD);
  sealed.set(cipher.final(), HEAD + bytes.length);
  sealed.set(cipher.getAuthTag(), MARK.length + NONCE);
  return sealed;
}

/**
 * What `seal` was given.
 * @throws {Error} it was altered, or sealed with another key.
 */
export function unseal(sealed: Uint8Array, key: Uint8Array): Uint8Array {
  const nonce = sealed.subarray(MARK.length, MARK.length + NONCE);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(MARK.length + NONCE, HEAD));
  const bytes = new Uint8Array(sealed.length - HEAD);
  bytes.set(decipher.update(sealed.subarray(HEAD)));
  decipher.final();
  return bytes;
}
