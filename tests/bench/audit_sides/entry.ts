/** An entry as an audit logger is given it: a prompt of 500 and an answer of 400 characters. */
export function entryOf(number: number) {
  return { userId: `user-${number % 1_000}`, model: "bench-1", prompt: PROMPT, response: RESPONSE };
}

const PROMPT = "What is the capital of France, and since when? Name the source. ".repeat(8).slice(0, 500);
const RESPONSE = "Paris is the capital of France and has been so for most of the last thousand years. "
  .repeat(5)
  .slice(0, 400);
