import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** Bytes this process may still write to the disk that holds `file`. The file itself need not exist yet. */
export async function diskSpace(file: string): Promise<number> {
  const folder = dirname(file);
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (cause) {
    throw new Error(
      `Cannot measure free space of ${folder}: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
}
