import type { StoreFailure } from "./contract.ts";

/** A failure of the SQLite file, named. `cause` is what SQLite said. */
export class StoreError extends Error {
  /** For those who get it without its class. */
  override readonly name = "StoreError";
  /** `failure` names it for programs, `message` for people. */
  constructor(readonly failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
