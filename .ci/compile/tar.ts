import { createTar } from "nanotar";

/** A file of an archive. */
export interface TarFile {
  name: string;
  /** Octal: `644`. */
  mode: string;
  data: Uint8Array;
}

/** Two empty blocks end an archive. */
const END = 2 * 512;

/** The same archive for the same content: no time, no user. */
export function tar(files: readonly TarFile[]): Uint8Array {
  const made = createTar(files.map(({ name, mode, data }) => ({
    ...{ name, data },
    attrs: { mode, mtime: 0, uid: 0, gid: 0, user: "", group: "" },
  })));
  // nanotar fills up to 10 KiB, which may leave room for one empty block or none: tar complains of that.
  const ended = new Uint8Array(made.length + END);
  ended.set(made);
  return ended;
}
