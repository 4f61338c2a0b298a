import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { readSecretFile } from "../seal/secret_file.ts";
import { UnusableKey } from "../seal/unusable_key.ts";
import type { Settings } from "../settings.ts";
import { generateKey, type NoteSigner, parseSignerKey } from "../tree/note_keys.ts";

/** A key that signs checkpoints, and how it lies in its file. */
export interface SigningKey {
  readonly signer: NoteSigner;
  /** PKCS #8, PEM. */
  readonly pem: string;
}

/** The file of the keys that sign checkpoints. */
export function signingKeyFile({ folder }: Pick<Settings, "folder">): string {
  return join(folder, "signing.key");
}

/** Makes a key. `name` is the origin of the checkpoints it signs. */
export function newSigningKey(name: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return signingKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), name);
}

/**
 * The keys of a file; none where there is no file. Several stand in it while one replaces another.
 * @throws {UnusableKey} one of them is no Ed25519 key, or others may read the file; names it.
 */
export async function readSigningKeys(file: string, name: string): Promise<SigningKey[]> {
  const text = await readSecretFile(file) ?? "";
  const pems = text.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n?/g) ?? [];
  try {
    return pems.map((pem) => signingKey(pem, name));
  } catch (cause) {
    throw new UnusableKey(
      `Cannot sign checkpoints: ${file} holds no Ed25519 key; put it back from its copy`,
      {
        cause,
      },
    );
  }
}

function signingKey(pem: string, name: string): SigningKey {
  const { d = "", crv } = createPrivateKey(pem).export({ format: "jwk" });
  if (crv !== "Ed25519") throw new TypeError(`Cannot sign with a key of ${crv}: it must be Ed25519`);
  return { signer: parseSignerKey(generateKey(name, Buffer.from(d, "base64url")).skey), pem };
}
