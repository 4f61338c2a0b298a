/** A UUIDv7: 48 bits of time, the rest random. `nowMs` is milliseconds since 1970. */
export function callId(nowMs: number): string {
  const random = crypto.randomUUID();
  const time = Math.floor(nowMs).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
