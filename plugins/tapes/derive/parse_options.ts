import type { ParseOptions } from "../parse/call.ts";
import type { Settings } from "../settings.ts";

/** Bytes a body may have decoded, for each byte a call may have as it came. */
const DECODED_PER_BYTE = 4;

/** How calls are parsed that `capture_limit` lets in. */
export function parseOptions({ capture_limit }: Pick<Settings, "capture_limit">): ParseOptions {
  return { maxDecodedBytes: DECODED_PER_BYTE * capture_limit };
}
