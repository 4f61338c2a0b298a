/** A stand-in provider of its own process: answers chat completions at once, streamed as 50 chunks where asked. Prints its port. */
import { createServer } from "node:http";

const words = "Paris is the capital of France and has been so for most of the last thousand years. ".repeat(
  8,
);
const id = "chatcmpl-bench";
const model = "bench-1";
const answer = JSON.stringify({
  id,
  object: "chat.completion",
  created: 1_700_000_000,
  model,
  choices: [{ index: 0, message: { role: "assistant", content: words }, finish_reason: "stop" }],
  usage: { prompt_tokens: 400, completion_tokens: 160, total_tokens: 560 },
});
const chunk = (delta: unknown, finish: string | null) =>
  `data: ${
    JSON.stringify({
      id,
      object: "chat.completion.chunk",
      created: 1_700_000_000,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  }\n\n`;
const size = Math.ceil(words.length / 50);
const chunks = [
  ...Array.from({ length: 50 }, (_, at) => chunk({ content: words.slice(at * size, (at + 1) * size) }, null)),
  chunk({}, "stop") + "data: [DONE]\n\n",
];

const server = createServer((request, response) => {
  let streamed = false;
  request.on("data", (part: Uint8Array) => {
    streamed ||= new TextDecoder().decode(part.subarray(0, 64)).includes('"stream":true');
  });
  request.on("end", () => {
    if (!streamed) {
      response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
      response.end(answer);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    let at = 0;
    const next = () => {
      if (at < chunks.length - 1) {
        response.write(chunks[at++]);
        setImmediate(next);
      } else response.end(chunks[at]);
    };
    next();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`port ${address.port}`);
});
