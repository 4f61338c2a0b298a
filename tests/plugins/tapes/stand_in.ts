/**
 * A stand-in for OpenAI, Anthropic and Ollama on one free port: the same answer to the same request, streamed and not,
 * with text, tool calls and tool results. Nothing in it depends on time or chance.
 */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

type Body = { [key: string]: unknown };

/** A running stand-in. */
export class ModelStandIn implements AsyncDisposable {
  /** Requests answered: `POST /v1/messages`. */
  readonly seen: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.seen.push(`${request.method} ${request.url}`);
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body = parts.length > 0 ? JSON.parse(parts.map(String).join("")) as Body : {};
        answer(request.url ?? "/", body, response);
      });
    });
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts one. */
  static async start(): Promise<ModelStandIn> {
    const standIn = new ModelStandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, "127.0.0.1", resolve));
    return standIn;
  }

  /** `http://127.0.0.1:port`. */
  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

const text = "The weather in Paris is 21 °C and sunny ☀.";
const words = text.match(/\S+\s*/g)!;
const toolName = "weather";
const toolInput = { city: "Paris", unit: "celsius" };

function answer(url: string, body: Body, response: ServerResponse): void {
  const path = url.split("?", 1)[0]!;
  const streamed = path.startsWith("/api/") ? body.stream !== false : body.stream === true;
  const last = (body.messages as Body[] | undefined)?.at(-1);
  // Tools are called once: the answer to their result is text.
  const calls = Array.isArray(body.tools) && last?.role === "user" && typeof last.content === "string";
  if (path === "/v1/chat/completions") chatCompletions(body, { streamed, calls }, response);
  else if (path === "/v1/messages") messages(body, { streamed, calls }, response);
  else if (path === "/v1/responses") responses(body, streamed, response);
  else if (path === "/api/chat") ollamaChat(body, { streamed, calls }, response);
  else sendJson(response, 404, { error: { type: "not_found", message: `no ${path} here` } });
}

interface Shape {
  streamed: boolean;
  calls: boolean;
}

function chatCompletions(body: Body, { streamed, calls }: Shape, response: ServerResponse): void {
  const base = { id: "chatcmpl-stand-in", created: 1_700_000_000, model: `${body.model}-2024` };
  const finish_reason = calls ? "tool_calls" : "stop";
  const usage = { prompt_tokens: 12, completion_tokens: 9, total_tokens: 21 };
  const call = {
    id: "call_1",
    type: "function",
    function: { name: toolName, arguments: JSON.stringify(toolInput) },
  };
  if (!streamed) {
    const message = calls
      ? { role: "assistant", content: null, tool_calls: [call] }
      : { role: "assistant", content: text };
    const choices = [{ index: 0, message, logprobs: null, finish_reason }];
    sendJson(response, 200, { ...base, object: "chat.completion", choices, usage });
    return;
  }
  const chunk = (delta: unknown, finish_reason: string | null = null) =>
    `data: ${
      JSON.stringify({
        ...base,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason }],
      })
    }\n\n`;
  const argument = JSON.stringify(toolInput);
  const deltas = calls
    ? [
      { tool_calls: [{ index: 0, ...call, function: { name: toolName, arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: argument.slice(0, 9) } }] },
      { tool_calls: [{ index: 0, function: { arguments: argument.slice(9) } }] },
    ]
    : words.map((content) => ({ content }));
  sendStream(response, "text/event-stream; charset=utf-8", [
    chunk({ role: "assistant", content: calls ? null : "" }),
    ...deltas.map((delta) => chunk(delta)),
    chunk({}, finish_reason),
    `data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", choices: [], usage })}\n\n`,
    "data: [DONE]\n\n",
  ]);
}

function messages(body: Body, { streamed, calls }: Shape, response: ServerResponse): void {
  const base = { id: "msg_stand_in", type: "message", role: "assistant", model: body.model };
  const stop_reason = calls ? "tool_use" : "end_turn";
  const block = calls
    ? { type: "tool_use", id: "toolu_1", name: toolName, input: toolInput }
    : { type: "text", text };
  if (!streamed) {
    const usage = { input_tokens: 12, output_tokens: 9 };
    sendJson(response, 200, { ...base, content: [block], stop_reason, stop_sequence: null, usage });
    return;
  }
  const event = (type: string, fields = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const argument = JSON.stringify(toolInput);
  const deltas = calls
    ? ["", argument.slice(0, 9), argument.slice(9)].map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }))
    : words.map((text) => ({ type: "text_delta", text }));
  const start = { ...base, content: [], stop_reason: null, stop_sequence: null };
  sendStream(response, "text/event-stream; charset=utf-8", [
    event("message_start", { message: { ...start, usage: { input_tokens: 12, output_tokens: 1 } } }),
    event("content_block_start", {
      index: 0,
      content_block: calls ? { ...block, input: {} } : { type: "text", text: "" },
    }),
    event("ping"),
    ...deltas.map((delta) => event("content_block_delta", { index: 0, delta })),
    event("content_block_stop", { index: 0 }),
    event("message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 9 } }),
    event("message_stop"),
  ]);
}

function responses(body: Body, streamed: boolean, response: ServerResponse): void {
  const part = { type: "output_text", text, annotations: [] };
  const item = { id: "msg_1", type: "message", role: "assistant", status: "completed", content: [part] };
  const usage = { input_tokens: 12, output_tokens: 9, total_tokens: 21 };
  const base = { id: "resp_stand_in", object: "response", created_at: 1_700_000_000, model: body.model };
  const whole = { ...base, status: "completed", output: [item], usage };
  if (!streamed) return sendJson(response, 200, whole);
  let sequence_number = 0;
  const event = (type: string, fields = {}) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...fields })}\n\n`;
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
  sendStream(response, "text/event-stream", [
    event("response.created", { response: { ...base, status: "in_progress", output: [] } }),
    event("response.output_item.added", { output_index: 0, item: { ...item, content: [] } }),
    event("response.content_part.added", { ...place, part: { ...part, text: "" } }),
    ...words.map((delta) => event("response.output_text.delta", { ...place, delta })),
    event("response.output_text.done", { ...place, text }),
    event("response.content_part.done", { ...place, part }),
    event("response.output_item.done", { output_index: 0, item }),
    event("response.completed", { response: whole }),
  ]);
}

function ollamaChat(body: Body, { streamed, calls }: Shape, response: ServerResponse): void {
  const base = { model: body.model, created_at: "2026-11-20T12:00:00.000Z" };
  const end = { done: true, done_reason: "stop", total_duration: 5, prompt_eval_count: 12, eval_count: 9 };
  const tool_calls = [{ function: { name: toolName, arguments: toolInput } }];
  const called = { role: "assistant", content: "", tool_calls };
  if (!streamed) {
    sendJson(response, 200, {
      ...base,
      message: calls ? called : { role: "assistant", content: text },
      ...end,
    });
    return;
  }
  const said = calls ? [called] : words.map((content) => ({ role: "assistant", content }));
  sendStream(response, "application/x-ndjson", [
    ...said.map((message) => `${JSON.stringify({ ...base, message, done: false })}\n`),
    `${JSON.stringify({ ...base, message: { role: "assistant", content: "" }, ...end })}\n`,
  ]);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_stand_in" });
  response.end(JSON.stringify(value));
}

function sendStream(response: ServerResponse, contentType: string, chunks: string[]): void {
  response.writeHead(200, { "content-type": contentType, "x-request-id": "req_stand_in" });
  let at = 0;
  const next = () => {
    if (response.destroyed) return;
    if (at === chunks.length - 1) {
      response.end(chunks[at]);
      return;
    }
    response.write(chunks[at++]);
    setImmediate(next);
  };
  next();
}
