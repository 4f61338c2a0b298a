import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/** Bytes of a key. */
const KEY_BYTES = 32;

/**
 * A key from text: 32 bytes as base64 or 64 hexadecimal digits.
 * @throws {Error} it is none; `place` names where it stands.
 */
export function readKey(text: string, place: string): Uint8Array {
  const word = text.trim();
  const key = Buffer.from(word, /^[0-9a-f]{64}$/i.test(word) ? "hex" : "base64");
  if (key.length === KEY_BYTES) return key;
  throw new Error(
    `Cannot use the key of ${place}: it is ${key.length} bytes long; ` +
      "give 32 bytes as base64 or 64 hexadecimal digits",
  );
}

/**
 * The key of a file; `undefined` where there is none.
 * @throws {Error} it can't be read, others than its owner may read it, or it holds no key.
 */
export function keyOfFile(file: string): Uint8Array | undefined {
  let text: string;
  try {
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      throw new Error(`Cannot use ${file}: other users can read it; chmod 600 ${file}`);
    }
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    if (cause.code === "ENOENT") return undefined;
    throw new Error(`Cannot read ${file}: ${cause.message}; let the agent's user read it`, { cause });
  }
  return readKey(text, file);
}

/**
 * The key of a file, made where there is none: on the disk, and its owner's alone, before this returns.
 * @throws {Error} as `keyOfFile`, or it can't be made.
 */
export function ensureKeyFile(file: string): Uint8Array {
  const found = keyOfFile(file);
  if (found !== undefined) return found;
  const temporary = join(dirname(file), `.${randomBytes(6).toString("hex")}`);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(temporary, "wx", 0o600);
    try {
      writeSync(handle, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    // Whatever the umask took or left.
    chmodSync(temporary, 0o600);
    linkSync(temporary, file);
  } catch (cause) {
    // Another process was first: its key is the one.
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot make ${file}: ${why}; let the agent's user write there, or set redact.key`, {
        cause,
      });
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  const made = keyOfFile(file);
  if (made !== undefined) return made;
  throw new Error(`Cannot make ${file}: it is gone again; leave it where it is`);
}
