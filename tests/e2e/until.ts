/**
 * Asks until there is an answer; what is waited for has no event of its own.
 * @throws {Error} there was none within two minutes.
 */
export async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 120_000; performance.now() < end;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not come within two minutes");
}
