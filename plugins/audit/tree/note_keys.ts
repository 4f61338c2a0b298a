import { Buffer } from "node:buffer";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { fromBase64, toBase64 } from "./base64.ts";

/** Verifies what one Ed25519 key signed (C2SP signed-note). */
export interface NoteVerifier {
  /** The key's name: no spaces, no plus. */
  readonly name: string;
  /** First four bytes of SHA-256 of name, line feed, type and public key: 8 hexadecimal digits. */
  readonly id: string;
  /** The key as text: `name+id+base64`. */
  readonly vkey: string;
  /** Whether the signature is this key's, of these bytes. */
  verify(text: Uint8Array, signature: Uint8Array): boolean;
}

/** Signs by one Ed25519 key. */
export interface NoteSigner {
  /** Its public half. */
  readonly verifier: NoteVerifier;
  /** 64 bytes. */
  sign(text: Uint8Array): Uint8Array;
}

/** Type byte of plain Ed25519 signatures. */
const ED25519 = 1;
const PRIVATE = "PRIVATE+KEY+";
const KEY_BYTES = 32;
/** What stands before the key in DER: SubjectPublicKeyInfo and PKCS #8 of Ed25519 (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Whether it may be a key's name: not empty, no Unicode spaces, no plus, no control characters, whole characters. */
export function isKeyName(name: string): boolean {
  return name !== "" && name.isWellFormed() && !/[\p{White_Space}\p{Cc}+]/u.test(name);
}

/**
 * Reads `name+id+base64`.
 * @throws {TypeError} it is no such key, is of another type than Ed25519, or its id is not that of the key.
 */
export function parseVerifierKey(vkey: string): NoteVerifier {
  const { name, id, key } = splitKey(vkey, "a verifier key");
  return verifierOf(name, key, id);
}

/**
 * Reads `PRIVATE+KEY+name+id+base64`.
 * @throws {TypeError} it is no such key, is of another type than Ed25519, or its id is not that of the key. No message
 * holds any of it.
 */
export function parseSignerKey(skey: string): NoteSigner {
  if (!skey.startsWith(PRIVATE)) throw refused("a signer key", `it does not begin with ${PRIVATE}`);
  const { name, id, key } = splitKey(skey.slice(PRIVATE.length), "a signer key");
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, key]), format: "der", type: "pkcs8" });
  const verifier = verifierOf(name, publicBytes(secret), id);
  return { verifier, sign: (text) => sign(null, text, secret) };
}

/** Makes a key: `skey` as `parseSignerKey` reads it, to be kept secret, and the `vkey` for everybody. */
export function generateKey(
  name: string,
  seed: Uint8Array = randomBytes(KEY_BYTES),
): { skey: string; vkey: string } {
  if (!isKeyName(name)) throw refused("a key", `"${name}" is no name for one: no spaces, no +`);
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const verifier = verifierOf(name, publicBytes(secret));
  const skey = `${PRIVATE}${name}+${verifier.id}+${toBase64(Buffer.concat([Uint8Array.of(ED25519), seed]))}`;
  return { skey, vkey: verifier.vkey };
}

function splitKey(text: string, what: string): { name: string; id: string; key: Uint8Array } {
  const [name, id, base64, ...rest] = cut(text);
  if (name === undefined || id === undefined || base64 === undefined || rest.length > 0) {
    throw refused(what, "it is not of the form name+id+base64");
  }
  if (!isKeyName(name) || !/^[0-9a-f]{8}$/.test(id)) throw refused(what, "its name or id is malformed");
  const bytes = fromBase64(base64);
  if (!bytes || bytes.length === 0) throw refused(what, "its key is no base64");
  if (bytes[0] !== ED25519) throw refused(what, `its type is ${bytes[0]}, not 1 (Ed25519)`);
  if (bytes.length !== KEY_BYTES + 1) {
    throw refused(what, `it has ${bytes.length - 1} bytes, not ${KEY_BYTES}`);
  }
  return { name, id, key: bytes.subarray(1) };
}

/** Name and id have no plus, base64 may. */
function cut(text: string): string[] {
  const [name, id] = text.split("+", 2);
  if (name === undefined || id === undefined) return [];
  return [name, id, text.slice(name.length + id.length + 2)];
}

function verifierOf(name: string, key: Uint8Array, claimed?: string): NoteVerifier {
  const typed = Buffer.concat([Uint8Array.of(ED25519), key]);
  const id = createHash("sha256").update(`${name}\n`).update(typed).digest("hex").slice(0, 8);
  if (claimed !== undefined && claimed !== id) throw refused("a key", `its id is ${id}, not ${claimed}`);
  const open = createPublicKey({ key: Buffer.concat([SPKI, key]), format: "der", type: "spki" });
  return {
    name,
    id,
    vkey: `${name}+${id}+${toBase64(typed)}`,
    verify: (text, signature) => signature.length === 64 && verify(null, text, open, signature),
  };
}

function publicBytes(secret: KeyObject): Uint8Array {
  const { x } = createPublicKey(secret).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}

function refused(what: string, why: string): TypeError {
  return new TypeError(`Cannot use ${what}: ${why}`);
}
