/** The client was closed before, or while, it was asked. */
export class ClientClosedError extends Error {
  /** Marks the class. */
  override readonly name = "ClientClosedError";
}
