import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** A file to write, and what it was. */
export interface AuthorFile {
  /** Absolute. */
  readonly path: string;
  /** What is to be in it. */
  readonly text: string;
  /** What becomes of it. */
  readonly change: "new" | "changed" | "as it was";
  /** What there is to know of it. */
  readonly remark?: string;
}

/** A file to be written; `known`: what is in it now, where that was read already. */
export async function authorFile(path: string, text: string, known?: string): Promise<AuthorFile> {
  const there = existsSync(path);
  const before = known ?? (there ? await readFile(path, "utf8") : undefined);
  return { path, text, change: !there ? "new" : before === text ? "as it was" : "changed" };
}

/** Writes what changes. */
export async function writeAuthorFiles(files: readonly AuthorFile[]): Promise<void> {
  for (const { path, text, change } of files) {
    if (change === "as it was") continue;
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text, { createNew: change === "new" });
  }
}

/** A line for each file. */
export function authorFilesText(files: readonly AuthorFile[]): string {
  const words = { "new": "made", "changed": "changed", "as it was": "left as it was" };
  return files.map(({ path, change, remark }) =>
    `${words[change]}: ${basename(path)}${remark ? ` (${remark})` : ""}\n`
  ).join("");
}
