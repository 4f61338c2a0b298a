/** A command was called in a way it can't be; the exit code is 2. */
export class UsageError extends Error {
  /** Marks the class. */
  override readonly name = "UsageError";
}

/** Runs a command; a usage error is said, and makes the exit code 2. */
export async function withUsage(
  stderr: { write(text: string): Promise<void> },
  run: () => Promise<number>,
): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await stderr.write(`error: ${error.message}\n`);
    return 2;
  }
}
