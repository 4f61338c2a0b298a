import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";

/** Reads the token of a file; `undefined` where there is none. */
export async function readTokenFile(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new Error(`Cannot read the token in ${file}: ${said(error)}; check its owner and mode`, {
      cause: error,
    });
  }
}

/**
 * The token of a file that only its owner reads; made where it is missing.
 * @throws {Error} the file can't be read or written.
 */
export async function ensureTokenFile(file: string): Promise<string> {
  const found = await readTokenFile(file);
  if (found !== undefined) return found;
  const token = randomBytes(32).toString("base64url");
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, token + "\n", { mode: 0o600, flag: "w" });
    // `mode` counts only where the file is new.
    await chmod(file, 0o600);
  } catch (cause) {
    throw new Error(`Cannot write the admin token to ${file}: ${said(cause)}; set admin.token`, { cause });
  }
  return token;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
