import { Buffer } from "node:buffer";

/** What `deno compile` notes for its run-time, as far as the tests look at it. */
export interface Noted {
  argv: string[];
  permissions: Record<string, unknown>;
  workspace_resolver: { import_map: unknown; package_jsons: unknown };
  entrypoint_key: string;
  node_modules: unknown;
  unstable_config: { features: string[] };
  env_vars_from_env_file: Record<string, string>;
}

/** An entry of the file system within. */
type Entry = { Dir: { n: string; e: Entry[] } } | { File: { n: string; o: [at: number, bytes: number] } };

/** What a file made by `deno compile` has in it: notes, and files with their sizes in bytes by path. */
export interface CompiledFile {
  noted: Noted;
  files: Map<string, number>;
}

/**
 * Reads both from the file.
 * @throws {Error} one of them is not there, or cut.
 */
export async function readCompiledFile(path: string): Promise<CompiledFile> {
  const bytes = Buffer.from(await Deno.readFile(path));
  // The run-time may have the like of it within; the notes are behind it, and the tree of files behind the notes.
  const notes = bytes.lastIndexOf('{"argv":[');
  if (notes === -1) throw new Error(`Cannot read ${path}: deno compile noted nothing in it`);
  const text = jsonAt(bytes, notes);
  const noted: Noted = JSON.parse(text);
  const entries: Entry[] = JSON.parse(jsonAt(bytes, bytes.indexOf('[{"', notes + Buffer.byteLength(text))));
  return { noted, files: new Map(entries.flatMap((entry) => filesIn(entry))) };
}

/** The JSON value that begins there. */
function jsonAt(bytes: Buffer, at: number): string {
  let depth = 0;
  let quoted = false;
  for (let end = at; end < bytes.length; end++) {
    const char = bytes[end];
    if (quoted) {
      if (char === 0x5c) end++; // a backslash
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x7b || char === 0x5b) depth++;
    else if (char === 0x7d || char === 0x5d) depth--;
    if (depth === 0) return bytes.toString("utf8", at, end + 1);
  }
  throw new Error("Cannot read what was compiled: it is cut");
}

function filesIn(entry: Entry, below = ""): [string, number][] {
  if ("File" in entry) return [[`${below}${entry.File.n}`, entry.File.o[1]]];
  return entry.Dir.e.flatMap((each) => filesIn(each, `${below}${entry.Dir.n}/`));
}
