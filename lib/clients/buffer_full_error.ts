/** Records are published faster than they can be sent, and nobody waits. The record was not taken. */
export class BufferFullError extends Error {
  /** Marks the class. */
  override readonly name = "BufferFullError";
}
