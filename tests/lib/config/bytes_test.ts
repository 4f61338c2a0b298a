import assert from "node:assert/strict";
import fc from "fast-check";
import { BYTES_PATTERN, formatBytes, parseBytes } from "../../../lib/config/bytes.ts";

Deno.test("parseBytes() reads what formatBytes() writes", () => {
  const sizes = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(9_000).map((n) => n * 1_024),
    fc.nat(9_000).map((n) => n * 1e6),
  );
  fc.assert(fc.property(sizes, (bytes) => {
    assert.equal(parseBytes(formatBytes(bytes)), bytes);
  }));
});

Deno.test("parseBytes() knows powers of 1,000 and of 1,024", () => {
  const expected: Record<string, number> = {
    "0": 0,
    "512": 512,
    "512B": 512,
    "64KB": 64_000,
    "64KiB": 65_536,
    "1.5MB": 1_500_000,
    "1MiB": 1_048_576,
    "2GB": 2_000_000_000,
    "1TiB": 1_099_511_627_776,
  };
  for (const [text, bytes] of Object.entries(expected)) assert.equal(parseBytes(text), bytes, text);
});

Deno.test("parseBytes() refuses everything else", () => {
  for (const text of ["", "KB", "1 MB", "-1", "1kb", "1K", "1.5", "1e3", "1.MB", "99999TB"]) {
    assert.equal(parseBytes(text), undefined, text);
  }
});

Deno.test("BYTES_PATTERN matches what parseBytes() takes", () => {
  const pattern = new RegExp(`^(?:${BYTES_PATTERN})$`);
  const texts = fc.oneof(fc.stringMatching(/^[0-9]{0,3}(\.[0-9]{0,2})?([KMGT]i?)?B?$/), fc.string());
  fc.assert(fc.property(texts, (text) => {
    assert.equal(parseBytes(text) !== undefined, pattern.test(text), text);
  }));
});
