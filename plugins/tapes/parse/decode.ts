import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";

/** A body as text, or why it can't be one. */
export type Decoded = { text: string } | { trouble: string };

type Decompress = (bytes: Uint8Array, limit: number, whole: boolean) => Uint8Array;

/** Ends in the middle are allowed for: a cut stream is read as far as it goes. */
const zlibFlush = (whole: boolean) => (whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH);

function inflate(bytes: Uint8Array, limit: number, whole: boolean): Uint8Array {
  const options = { maxOutputLength: limit, finishFlush: zlibFlush(whole) };
  // "deflate" means zlib's format, but some servers send it bare. Zlib's header is a multiple of 31.
  const head = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const zlib = ((bytes[0] ?? 0) & 15) === 8 && head % 31 === 0;
  return zlib ? inflateSync(bytes, options) : inflateRawSync(bytes, options);
}

const gunzip: Decompress = (bytes, limit, whole) =>
  gunzipSync(bytes, { maxOutputLength: limit, finishFlush: zlibFlush(whole) });
const unbrotli: Decompress = (bytes, limit, whole) =>
  brotliDecompressSync(bytes, {
    maxOutputLength: limit,
    finishFlush: whole ? constants.BROTLI_OPERATION_FINISH : constants.BROTLI_OPERATION_FLUSH,
  });
const unzstd: Decompress = (bytes, limit, whole) =>
  zstdDecompressSync(bytes, {
    maxOutputLength: limit,
    finishFlush: whole ? constants.ZSTD_e_end : constants.ZSTD_e_flush,
  });

const CODINGS: ReadonlyMap<string, Decompress> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
  ["br", unbrotli],
  ["zstd", unzstd],
]);

function isTooLarge(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
}

/** An empty body is smaller than this in any coding. Brotli and zstd say nothing of damage that gives no output. */
const LARGEST_EMPTY = 32;

function decompress(bytes: Uint8Array, coding: string, limit: number): Uint8Array | { trouble: string } {
  const run = CODINGS.get(coding);
  if (run === undefined) return { trouble: `Content-Encoding ${JSON.stringify(coding)} is unknown` };
  let reason = "nothing comes out of it";
  for (const whole of [true, false]) {
    try {
      const decoded = run(bytes, limit, whole);
      if (decoded.length > 0 || (whole && bytes.length <= LARGEST_EMPTY)) return decoded;
    } catch (cause) {
      if (isTooLarge(cause)) {
        return { trouble: `it is larger than ${limit} bytes when its ${coding} is undone` };
      }
      if (whole && cause instanceof Error) reason = cause.message;
    }
  }
  return { trouble: `its ${coding} is damaged: ${reason}` };
}

const UTF8 = new TextDecoder();

function decoderFor(contentType: string): TextDecoder {
  if (!contentType.includes("=")) return UTF8;
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return UTF8;
  try {
    return new TextDecoder(charset);
  } catch {
    return UTF8;
  }
}

/**
 * A body as text: Content-Encoding undone (several, last first), charset applied, byte order mark dropped, U+FFFD for
 * what is no character. `limit` is the most bytes it may have at any stage.
 */
export function decodeBody(body: Uint8Array, headers: Record<string, string>, limit: number): Decoded {
  const codings = (headers["content-encoding"] ?? "").toLowerCase().split(",").map((name) => name.trim());
  let bytes = body;
  for (const coding of codings.reverse()) {
    if (coding === "" || coding === "identity" || bytes.length === 0) continue;
    const decoded = decompress(bytes, coding, limit);
    if (!(decoded instanceof Uint8Array)) return decoded;
    bytes = decoded;
  }
  try {
    return { text: decoderFor(headers["content-type"] ?? "").decode(bytes) };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { trouble: `its ${bytes.length} bytes can't be held as text: ${why}` };
  }
}
