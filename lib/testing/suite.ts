/** Milliseconds that waiting may take, unless told: far above what it takes on a busy machine. */
export const DEADLINE_MS = 60_000;

/** How a suite runs. */
export interface SuiteOptions {
  /** Cases a driver can't pass, by their sentence, with the reason; a sentence no case has is an error. */
  skip?: Readonly<Record<string, string>>;
  /** Milliseconds after which waiting for something fails. Default 60,000. */
  deadlineMs?: number;
  /** Skips all, where what the driver needs isn't there. */
  ignore?: boolean;
  /** Deno's checks for leaked resources. Default true. */
  sanitize?: boolean;
}

/** Registers a test for each case; what is skipped says why. */
export function registerCases<T extends { name: string }>(
  suite: string,
  cases: readonly T[],
  { skip = {}, ignore = false, sanitize = true }: SuiteOptions,
  run: (one: T) => Promise<void>,
): void {
  for (const sentence of Object.keys(skip)) {
    if (!cases.some((one) => one.name === sentence)) {
      throw new RangeError(`Cannot skip a case: none is "${sentence}"`);
    }
  }
  for (const one of cases) {
    const reason = skip[one.name];
    Deno.test({
      name: `${suite}: ${one.name}${reason ? ` (skipped: ${reason})` : ""}`,
      ignore: reason !== undefined || ignore,
      sanitizeOps: sanitize,
      sanitizeResources: sanitize,
      fn: () => run(one),
    });
  }
}
