/** What is wrong with one item of a request. */
export interface Problem {
  /** Which item, from 0; absent where the request as a whole is wrong. */
  item?: number;
  /** Which field of it: `data.rating`; absent where it is the whole item. */
  field?: string;
  /** What is wrong with it, and what it must be. */
  message: string;
}

/** Why a request is refused; nothing of it was taken. */
export class Refusal extends Error {
  override name = "Refusal";

  /**
   * `status`: 400 bad, 403 another tenant's, 404 no such topic, 413 too large, 415 of another type, 429 too many at
   * once, 503 can't be stored now.
   */
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 413 | 415 | 429 | 503,
    message: string,
    readonly problems: readonly Problem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
