/** Turns to be had through a proxy. */
export interface TurnsOptions {
  origin: string;
  /** Names the turns: their user messages are `NAME 0`, `NAME 1` … */
  name: string;
  count: number;
  concurrency: number;
  /** Every how many turns one is streamed; 0 streams none. Default 2. */
  streamEvery?: number;
  /** Called after each turn that was answered whole. */
  onAnswered?(answered: number): void;
}

/** How the turns went. */
export interface TurnsResult {
  /** User messages of the turns whose whole answer reached the client. */
  answered: string[];
  /** What went wrong with the others. */
  failed: unknown[];
}

/** Has `count` conversations of one turn, `concurrency` at once, and says which were answered whole. */
export async function haveTurns(options: TurnsOptions): Promise<TurnsResult> {
  const result: TurnsResult = { answered: [], failed: [] };
  let next = 0;
  const worker = async () => {
    while (next < options.count) {
      const number = next++;
      const text = `${options.name} ${number}`;
      const every = options.streamEvery ?? 2;
      try {
        await oneTurn(options.origin, text, { stream: every > 0 && number % every === 0 });
        result.answered.push(text);
        options.onAnswered?.(result.answered.length);
      } catch (error) {
        result.failed.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
  return result;
}

/**
 * One turn; resolves with what the model said.
 * @throws {Error} the answer did not come whole.
 */
export async function oneTurn(origin: string, text: string, options: { stream: boolean }): Promise<string> {
  const response = await fetch(`${origin}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-e2e-secret" },
    body: JSON.stringify({
      model: "stand-in-1",
      messages: [{ role: "user", content: text }],
      ...(options.stream ? { stream: true } : {}),
    }),
  });
  const body = await response.text();
  if (response.status !== 200) throw new Error(`status ${response.status}: ${body}`);
  if (!options.stream) return JSON.parse(body).choices[0].message.content;
  if (!body.endsWith("data: [DONE]\n\n")) throw new Error(`the stream was cut: …${body.slice(-80)}`);
  return body;
}
