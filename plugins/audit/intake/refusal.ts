/** What is wrong with an entry. */
export interface Problem {
  /** Which entry of the request, from 0. */
  readonly item: number;
  /** Which field of it; absent where it is all of it. */
  readonly field?: string;
  /** What it must be. */
  readonly message: string;
}

/** Why a request is refused; nothing of it was taken. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  /** `status`: 400 bad, 403 another tenant's, 413 too large, 415 of another type, 429 too many at once, 503 can't be stored now. */
  constructor(
    readonly status: 400 | 403 | 413 | 415 | 429 | 503,
    message: string,
    readonly problems: readonly Problem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
