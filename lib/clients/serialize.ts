/** Makes bytes of a value or key; `null` is a tombstone, or no key. */
export type Serializer<T = unknown> = (value: T) => Uint8Array | null;

const encoder = new TextEncoder();

/**
 * What a producer does unless it is given a serializer: bytes as they are, text as UTF-8, `null` (or `undefined` for a
 * key) as none, anything else as JSON.
 * @throws {TypeError} it has no JSON form.
 */
export function serialize(value: unknown): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === "string") return encoder.encode(value);
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError("Cannot publish a value: it has no JSON form; give bytes, text or plain data", {
      cause,
    });
  }
  if (json === undefined) {
    throw new TypeError(
      `Cannot publish a value: ${typeof value} has no JSON form; give bytes, text or plain data, or null`,
    );
  }
  return encoder.encode(json);
}
