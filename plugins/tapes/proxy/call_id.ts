/** Two hexadecimal digits for each byte: `toString(16)` of a number as large as a time is slow. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A UUIDv7: 48 bits of time, the rest random. `nowMs` is milliseconds since 1970. */
export function callId(nowMs: number): string {
  const high = nowMs / 2 ** 32;
  const digits = (bits: number, shift: number) => HEX[bits >>> shift & 255]!;
  return digits(high, 8) + digits(high, 0) + digits(nowMs, 24) + digits(nowMs, 16) + "-" +
    digits(nowMs, 8) + digits(nowMs, 0) + "-7" + crypto.randomUUID().slice(15);
}
