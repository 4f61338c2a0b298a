import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PluginStore } from "capstan";
import type { Settings } from "../settings.ts";

/** The file of checkpoints. */
export function checkpointFile({ folder }: Pick<Settings, "folder">): string {
  return join(folder, "checkpoints");
}

/** Bytes of the end of the file that are read to see how far it is; more than a checkpoint has. */
const TAIL = 4_096;
const LAST = /(?:^|\n\n)[^\n]+\n(\d+)\n[A-Za-z0-9+/]{43}=\n\n(?:\u2014 [^\n]+\n)+\n$/;

/**
 * Appends to the file what checkpoints it has not, oldest first, each with an empty line behind it. The file's own end says
 * how far it is; what a crash cut is written again.
 */
export async function writeCheckpoints(file: string, store: Pick<PluginStore, "read">): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await using handle = await open(file, "a+", 0o644);
  const { size: bytes } = await handle.stat();
  const from = Math.max(0, bytes - TAIL);
  const tail = new Uint8Array(bytes - from);
  await handle.read(tail, 0, tail.length, from);
  const text = new TextDecoder().decode(tail);
  const whole = text.endsWith("\n\n") ? text : text.slice(0, lastEnd(text));
  if (whole !== text) await handle.truncate(from + new TextEncoder().encode(whole).length);
  const last = LAST.exec(whole)?.[1];
  const notes = store.read((db) =>
    db.all<{ note: string }>(
      "SELECT note FROM audit_checkpoints WHERE size > ? ORDER BY size",
      Number(last ?? -1),
    )
  );
  if (notes.length === 0) return;
  await handle.appendFile(notes.map(({ note }) => `${note}\n`).join(""));
  await handle.sync();
}

/** Where the last whole checkpoint ends: behind the empty line that follows its signatures. */
function lastEnd(text: string): number {
  const at = text.search(/\u2014 [^\n]+\n\n(?![\s\S]*\u2014 [^\n]+\n\n)/);
  return at < 0 ? 0 : text.indexOf("\n\n", at) + 2;
}
