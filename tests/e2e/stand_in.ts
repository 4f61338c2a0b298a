import { createServer } from "node:http";
import { once } from "node:events";

/** A model provider on this machine that answers at once. */
export interface StandIn extends AsyncDisposable {
  readonly origin: string;
  /** Calls answered to the last byte. */
  answered(): number;
  /** Calls received. */
  received(): number;
  /** Request targets as they came. */
  paths(): readonly string[];
}

/** What a step of a recorded case answers. */
export interface ScriptedAnswer {
  status: number;
  headers: readonly (readonly [string, string])[];
  framing: string;
  chunks: readonly Uint8Array[];
}

/**
 * Starts a stand-in for OpenAI's chat completions, streamed or not as asked: it says back the last message. With
 * `script`, it gives those answers one after the other instead.
 */
export async function startStandIn(options: { script?: ScriptedAnswer[] } = {}): Promise<StandIn> {
  let answered = 0;
  let received = 0;
  const paths: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part);
    const scripted = options.script?.[received];
    received++;
    paths.push(request.url ?? "");
    response.on("finish", () => answered++);
    if (options.script) {
      if (!scripted) return void response.writeHead(500).end("no further answer in the script");
      response.writeHead(scripted.status, scripted.headers.flat());
      for (const chunk of scripted.chunks) response.write(chunk);
      return void response.end();
    }
    const body = JSON.parse(await new Blob(parts.map((part) => new Uint8Array(part))).text());
    const said = `echo: ${body.messages.at(-1).content}`;
    const common = { id: `chatcmpl-${received}`, created: 1, model: body.model };
    const usage = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
    if (!body.stream) {
      const text = JSON.stringify({
        ...common,
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: said }, finish_reason: "stop" }],
        usage,
      });
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": new TextEncoder().encode(text).length,
      });
      return void response.end(text);
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const event = (delta: unknown, finish_reason: string | null) =>
      `data: ${
        JSON.stringify({
          ...common,
          object: "chat.completion.chunk",
          choices: [{ index: 0, delta, finish_reason }],
        })
      }\n\n`;
    response.write(event({ role: "assistant", content: "" }, null));
    for (const word of said.split(/(?<= )/)) response.write(event({ content: word }, null));
    response.write(event({}, "stop"));
    response.end("data: [DONE]\n\n");
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    answered: () => answered,
    received: () => received,
    paths: () => paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
