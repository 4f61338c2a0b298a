import type { Invocation } from "./command.ts";

/** Asks a person on the terminal; true for `y` or `yes`, whatever the case. No answer is no. */
export async function confirm(
  { io, signal }: Pick<Invocation, "io" | "signal">,
  question: string,
): Promise<boolean> {
  await io.stderr.write(question);
  const decoder = new TextDecoder();
  const reader = io.stdin.stream().getReader();
  const cancel = () => void reader.cancel().catch(() => {}); // read() then gives done
  signal.addEventListener("abort", cancel, { once: true });
  try {
    let answer = "";
    while (!answer.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) break;
      answer += decoder.decode(value, { stream: true });
    }
    signal.throwIfAborted();
    return /^\s*y(es)?\s*$/i.test(answer.split("\n")[0] ?? "");
  } finally {
    signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}
