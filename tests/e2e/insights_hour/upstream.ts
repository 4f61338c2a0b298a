import { once } from "node:events";
import { createServer } from "node:http";

/** What a model answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly string[];
  /** The connection breaks behind the chunks. */
  readonly cut?: true;
}

/** Names the call to the upstream, so that each has its own answer, whatever came before. */
export const CALL_HEADER = "x-call";

/** Starts a provider that gives each call the answer that was written for it. */
export async function startScriptedUpstream(
  answers: ReadonlyMap<string, Answer>,
): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const answer = answers.get(String(request.headers[CALL_HEADER]));
      if (!answer) return void response.writeHead(404).end("nothing was written for this call");
      response.writeHead(answer.status, answer.headers);
      if (!answer.cut) return void response.end(answer.chunks.join(""));
      response.write(answer.chunks.join(""), () => response.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
