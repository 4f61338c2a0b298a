import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Bytes of a key. */
export const KEY_BYTES = 32;

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Closes `plain` under a key: 12 bytes of initialisation vector, ciphertext, 16 bytes of tag. `about` is bound to it. */
export function close(key: Uint8Array, plain: Uint8Array, about: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(about));
  const body = cipher.update(plain);
  return Buffer.concat([iv, body, cipher.final(), cipher.getAuthTag()]);
}

/**
 * Opens what `close` made.
 * @throws {Error} it was closed under another key, about something else, or was altered.
 */
export function open(key: Uint8Array, closed: Uint8Array, about: string): Buffer {
  if (closed.length < IV_BYTES + TAG_BYTES) {
    throw new Error(`Cannot open ${closed.length} bytes: they are cut`);
  }
  const decipher = createDecipheriv(CIPHER, key, closed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(about))
    .setAuthTag(closed.subarray(-TAG_BYTES));
  const plain = decipher.update(closed.subarray(IV_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch (cause) {
    throw new Error("Cannot open sealed bytes: they were altered, moved, or closed under another key", {
      cause,
    });
  }
}
