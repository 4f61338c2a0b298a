import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

/**
 * The commit that a clone is at, read from its files: git itself need not be there, and starting it may not be allowed.
 * `undefined`: the folder is no clone, or has no commit yet.
 */
export async function gitCommit(root: string): Promise<string | undefined> {
  const folder = await gitFolder(root);
  const head = await text(join(folder, "HEAD"));
  const ref = /^ref: (\S+)$/.exec(head ?? "")?.[1];
  if (ref === undefined) return hashOf(head);
  // A work tree of its own keeps HEAD; the branches are in the clone it belongs to.
  const common = await text(join(folder, "commondir"));
  const refs = common === undefined ? folder : below(folder, common);
  return hashOf(await text(join(refs, ref))) ?? packed(await text(join(refs, "packed-refs")), ref);
}

/** `.git` is a folder; in a work tree of its own it is a file that says where the folder is. */
async function gitFolder(root: string): Promise<string> {
  const link = /^gitdir: (.+)$/.exec(await text(join(root, ".git")) ?? "")?.[1];
  return link === undefined ? join(root, ".git") : below(root, link);
}

function below(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function packed(refs: string | undefined, ref: string): string | undefined {
  return hashOf(refs?.split("\n").find((line) => line.endsWith(` ${ref}`))?.split(" ")[0]);
}

function hashOf(found: string | undefined): string | undefined {
  return found !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(found) ? found : undefined;
}

/** A file's text without its last newline. `undefined`: there is no such file. */
async function text(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trimEnd();
  } catch {
    return undefined; // a folder, or nothing: the caller has other places to look
  }
}
