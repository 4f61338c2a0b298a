/** The time given to a client's call is over. */
export class ClientTimeoutError extends Error {
  /** Marks the class. */
  override readonly name = "ClientTimeoutError";
}
