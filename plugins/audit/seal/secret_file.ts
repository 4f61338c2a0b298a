import { chmod, link, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { UnusableKey } from "./unusable_key.ts";

/** What a file that only its owner may read holds; `undefined` where there is none.
 * @throws {UnusableKey} it can't be read, or others may read it.
 */
export async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    if (process.platform !== "win32" && ((await stat(file)).mode & 0o077) !== 0) {
      throw new UnusableKey(`Cannot use ${file}: other users can read it; chmod 600 ${file}`);
    }
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) {
      if (cause.code === "ENOENT") return undefined;
      throw new UnusableKey(`Cannot read ${file}: ${cause.message}; let the agent's user read it`, { cause });
    }
    throw cause;
  }
}

/** Makes a file that only its owner may read, durable before this resolves. False: there was one already. */
export async function makeSecretFile(file: string, text: string): Promise<boolean> {
  const temporary = await written(file, text);
  try {
    await link(temporary, file);
    return true;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
    throw new Error(`Cannot make ${file}: ${messageOf(cause)}; let the agent's user write there`, { cause });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Puts other text into such a file, at once or not at all. */
export async function replaceSecretFile(file: string, text: string): Promise<void> {
  const temporary = await written(file, text);
  try {
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Error(`Cannot write ${file}: ${messageOf(cause)}; let the agent's user write there`, { cause });
  }
}

async function written(file: string, text: string): Promise<string> {
  const temporary = join(dirname(file), `.${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await using handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(text);
    await handle.sync();
  } catch (cause) {
    throw new Error(`Cannot write beside ${file}: ${messageOf(cause)}; let the agent's user write there`, {
      cause,
    });
  }
  // Whatever the umask took or left.
  await chmod(temporary, 0o600);
  return temporary;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
