import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { AnswerController, AnswerHandler, Upstream, UpstreamRequest } from "../proxy/upstream.ts";
import { echoAnswer } from "./echo_answer.ts";
import type { EchoAnswer } from "./reply.ts";

/** Longest request the echo reads, in bytes. */
const longest = 8 * 1024 * 1024;

/** A stand-in model inside the agent: it repeats what it is told, says so, and needs neither key nor network. */
export class EchoUpstream implements Upstream {
  readonly name = "echo";

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  dispatch(request: UpstreamRequest, handler: AnswerHandler): void {
    const controller = new EchoController();
    controller.onAbort = (reason) => handler.onResponseError?.(controller, reason);
    handler.onRequestStart?.(controller, null);
    readAll(request.body).then((body) => {
      if (controller.aborted) return;
      const { method, target } = request;
      const answer = echoAnswer({ method, target, body, id: crypto.randomUUID(), now: Date.now() });
      send(answer, method, controller, handler);
    }, (error: Error) => controller.abort(error));
  }
}

function send(answer: EchoAnswer, method: string, controller: EchoController, handler: AnswerHandler): void {
  const parts = method === "HEAD" ? [] : answer.parts.map((part) => Buffer.from(part));
  const headers = ["Content-Type", answer.contentType, "X-Capstan-Echo", "no model was called"];
  if (answer.parts.length === 1) {
    headers.push("Content-Length", String(Buffer.byteLength(answer.parts[0]!)));
  }
  controller.rawHeaders = headers;
  let at = -1;
  const next = () => {
    if (controller.aborted) return;
    if (controller.paused) {
      controller.onResume = next;
      return;
    }
    if (at < 0) handler.onResponseStart?.(controller, answer.status, {});
    else handler.onResponseData?.(controller, parts[at]!);
    if (controller.aborted) return;
    if (++at < parts.length) setImmediate(next);
    else handler.onResponseEnd?.(controller, {});
  };
  next();
}

async function readAll(body: Buffer | Readable | null): Promise<string> {
  if (body === null) return "";
  if (Buffer.isBuffer(body)) return body.toString();
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > longest) throw new Error(`the echo reads no more than ${longest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** What the handler stops, pauses and resumes the echo with. */
class EchoController implements AnswerController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] = [];
  rawTrailers: string[] = [];
  onAbort: (reason: Error) => void = () => {};
  onResume: () => void = () => {};

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.onAbort(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    const next = this.onResume;
    this.onResume = () => {};
    next();
  }
}
