import { type FileHandle, mkdir, open, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readJson } from "capstan/json";
import { concat, firstLine, lastLine, LF } from "./file_lines.ts";

/** What a file of records is. */
export interface RecordFileOptions {
  readonly path: string;
  /** Bytes from which the next record begins a new file. */
  readonly maxBytes: number;
}

/** A record as it is written. */
export interface RecordLine {
  readonly seq: number;
  /** Without a line feed. */
  readonly bytes: Uint8Array;
}

interface OpenFile {
  readonly handle: FileHandle;
  bytes: number;
  /** Number of its first record; -1 where it is empty. */
  first: number;
}

/**
 * Records, one a line, appended and durable. The file's own end says which was the last, so that a record comes but once
 * whatever is written again; what a crash cut is written anew. A full file is renamed to `path.SEQ`, its first record's
 * number in twelve digits.
 */
export class RecordFile implements AsyncDisposable {
  readonly #options: RecordFileOptions;
  #file: OpenFile | undefined;
  #last = -1;

  constructor(options: RecordFileOptions) {
    this.#options = options;
  }

  /** Appends those behind the last one there is; resolves when they are durable. */
  async append(lines: readonly RecordLine[]): Promise<void> {
    try {
      let rest = lines;
      while (rest.length > 0) rest = await this.#appendSome(rest);
    } catch (cause) {
      // What is in the file is looked up anew at the next call.
      await this.close();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot write ${this.#options.path}: ${why}; let the agent's user write there`, {
        cause,
      });
    }
  }

  /** Lets go of the file. Safe twice. */
  async close(): Promise<void> {
    const handle = this.#file?.handle;
    this.#file = undefined;
    this.#last = -1;
    await handle?.close();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Appends what fits the file, at least one; gives the rest. */
  async #appendSome(lines: readonly RecordLine[]): Promise<readonly RecordLine[]> {
    const file = await this.#open();
    const fresh = lines.filter(({ seq }) => seq > this.#last);
    let bytes = file.bytes;
    let count = 0;
    while (count < fresh.length && bytes < this.#options.maxBytes) bytes += fresh[count++]!.bytes.length + 1;
    const taken = fresh.slice(0, count);
    if (taken.length > 0) {
      await file.handle.appendFile(concat(taken.flatMap((line) => [line.bytes, Uint8Array.of(LF)])));
      await file.handle.sync();
      file.bytes = bytes;
      if (file.first < 0) file.first = taken[0]!.seq;
      this.#last = taken.at(-1)!.seq;
    }
    if (file.bytes >= this.#options.maxBytes) await this.#rotate(file);
    return fresh.slice(count);
  }

  async #open(): Promise<OpenFile> {
    if (this.#file) return this.#file;
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(path, "a+", 0o600);
    const file: OpenFile = { handle, bytes: 0, first: -1 };
    this.#file = file;
    const { size } = await handle.stat();
    const { line, end } = await lastLine(handle, size);
    if (end < size) await handle.truncate(end);
    file.bytes = end;
    this.#last = line === undefined ? await lastOfFull(path) : seqOf(line);
    if (line !== undefined) file.first = seqOf(await firstLine(handle, end));
    return file;
  }

  async #rotate({ first }: OpenFile): Promise<void> {
    const { path } = this.#options;
    await this.close();
    await rename(path, `${path}.${String(first).padStart(12, "0")}`);
  }
}

/** Number of the last record in the files that were full; -1 where there is none. */
async function lastOfFull(path: string): Promise<number> {
  const prefix = `${basename(path)}.`;
  const numbers = (await readdir(dirname(path)))
    .filter((name) => name.startsWith(prefix) && /^\d{12,}$/.test(name.slice(prefix.length)))
    .map((name) => name.slice(prefix.length))
    .sort((a, b) => Number(a) - Number(b));
  const newest = numbers.at(-1);
  if (newest === undefined) return -1;
  await using handle = await open(join(dirname(path), `${prefix}${newest}`), "r");
  const { line } = await lastLine(handle, (await handle.stat()).size);
  return line === undefined ? -1 : seqOf(line);
}

/**
 * Number of the record a line is.
 * @throws {TypeError} it is none.
 */
export function seqOf(line: Uint8Array): number {
  const { seq } = readJson(new TextDecoder().decode(line)) as { seq: unknown };
  if (typeof seq === "number") return seq;
  throw new TypeError("a line of it is no record; move the file away");
}
