import type { Position } from "./contract.ts";

/** Some or all records of a `send` are not acknowledged. Says which are. */
export class SendError extends Error {
  /** For `error.name`. */
  override readonly name = "SendError";
  /** Made by senders. */
  constructor(
    message: string,
    /** In the order of the records sent: where each lies, or `undefined` where it was not acknowledged. */
    readonly acknowledged: readonly (Position | undefined)[],
    /** What stopped the others; at least one. */
    readonly causes: readonly unknown[],
  ) {
    super(message, { cause: causes[0] });
  }
}
