/** A stand-in provider of its own process: answers chat completions at once, streamed as 50 chunks where asked. Prints its port. */
import { Buffer } from "node:buffer";
import { createServer, type Socket } from "node:net";
import { MessageReader } from "./message_reader.ts";

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
const event = (delta: unknown, finish: string | null) =>
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
const head = (...lines: string[]) =>
  ["HTTP/1.1 200 OK", "date: Thu, 01 Jan 2026 00:00:00 GMT", "connection: keep-alive", ...lines, "", ""].join(
    "\r\n",
  );
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

const whole = Buffer.from(
  head("content-type: application/json", `content-length: ${answer.length}`) + answer,
);
const parts = [
  head("content-type: text/event-stream", "transfer-encoding: chunked") +
  chunk(event({ content: words.slice(0, size) }, null)),
  ...Array.from(
    { length: 49 },
    (_, at) => chunk(event({ content: words.slice((at + 1) * size, (at + 2) * size) }, null)),
  ),
  chunk(`${event({}, "stop")}data: [DONE]\n\n`) + chunk(""),
].map((part) => Buffer.from(part));

function stream(socket: Socket, at = 0): void {
  if (socket.destroyed) return;
  socket.write(parts[at]!);
  if (at + 1 < parts.length) setImmediate(stream, socket, at + 1);
}

const server = createServer({ noDelay: true }, (socket) => {
  const request = new MessageReader();
  let streamed = false;
  socket.on("data", (part) => {
    streamed ||= part.includes('"stream":true') || part.includes('"stream": true');
    if (!request.push(part)) return;
    if (streamed) stream(socket);
    else socket.write(whole);
    streamed = false;
  });
  socket.on("error", () => socket.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`port ${address.port}`);
});
