import type { Buffer } from "node:buffer";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { CallMeta, CallOutcome } from "../call.ts";
import { Capture } from "./capture.ts";
import { ClientAnswer } from "./client_answer.ts";
import type { ProxyParts } from "./proxy_parts.ts";
import { readResponseHead } from "./response_head.ts";
import type { TerminalScanner } from "./scanner.ts";
import { streamFormat, terminalScanner } from "./terminal_scanner.ts";
import { tunnel } from "./tunnel.ts";
import type { AnswerController, AnswerHandler, Upstream } from "./upstream.ts";
import { describeFailure } from "./upstream_failure.ts";
import { collectBody, Upload, wholeBodyLimit } from "./upload.ts";

/** What is known of a call before it is forwarded. */
export interface CallStart {
  upstream: Upstream;
  method: string;
  /** For the upstream. */
  target: string;
  /** For the upstream: name, value, name, value …. */
  headers: string[];
  contentLength?: number;
  hasBody: boolean;
  /** What of the row is known already. */
  meta: Pick<
    CallMeta,
    "v" | "id" | "started_at" | "method" | "target" | "provider" | "provider_type" | "upstream"
  >;
  /** … and what is not always there. */
  more: Partial<Pick<CallMeta, "agent" | "project" | "tenant" | "user" | "session" | "api_key_fingerprint">>;
  requestHeaders: Record<string, string>;
  /** A request to change protocols, with what came behind its head. */
  upgrade?: { protocol: string; socket: Duplex; head: Uint8Array };
}

/** Milliseconds an upstream may take to end its answer after the terminal event, before the row is written. */
const graceMs = 25;

/** Bytes of an answer over the capture limits that are held back at most. */
const heldUncaptured = 1_048_576;

/**
 * One call: forwards it, keeps its bytes, and holds the answer's end back until its row is durable. Exactly one row is
 * appended, when the answer has ended one way or another; or, where the upstream keeps the connection open after the
 * terminal event, 25 ms after that.
 */
export class Exchange implements AnswerHandler {
  readonly #parts: ProxyParts;
  readonly #call: CallStart;
  readonly #request: IncomingMessage;
  readonly #answer: ClientAnswer;
  readonly #capture: Capture;
  #controller: AnswerController | undefined;
  #status: number | undefined;
  #responseHeaders: Record<string, string> = {};
  #firstByteAt: number | undefined;
  /** Bytes missing to the declared length. */
  #missing: number | undefined;
  #scanner: TerminalScanner | undefined;
  /** From here on nothing goes out before the row is durable. */
  #holding = false;
  #graceful = false;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #forwarded = false;
  #recorded = false;
  #decided = false;
  /** How the upstream's answer ended; absent while it goes on. */
  #ended: { trailers: string[]; error?: Error } | undefined;
  #clientLeft = false;
  #over = false;

  constructor(parts: ProxyParts, call: CallStart, request: IncomingMessage, response: ServerResponse) {
    this.#parts = parts;
    this.#call = call;
    this.#request = request;
    this.#answer = new ClientAnswer(response, () => this.#controller?.resume());
    this.#capture = new Capture(parts.budget, parts.captureLimit);
    parts.underWay.calls++;
    response.on("close", () => this.#closed());
  }

  /** Sends the request on. */
  start(): void {
    const { hasBody, contentLength } = this.#call;
    if (!hasBody) this.#dispatch(null);
    else if (contentLength !== undefined && contentLength <= wholeBodyLimit) {
      collectBody(this.#request, (body) => {
        this.#capture.addRequest(body);
        this.#dispatch(body);
      });
    } else this.#dispatch(new Upload(this.#request, (part) => this.#capture.addRequest(part)));
  }

  onRequestStart(controller: AnswerController): void {
    this.#controller = controller;
    if (this.#clientLeft) controller.abort(new Error("the client left"));
  }

  onRequestUpgrade(controller: AnswerController, status: number, _headers: unknown, upstream: Duplex): void {
    const { upgrade } = this.#call;
    const head = readResponseHead(controller.rawHeaders);
    this.#status = status;
    this.#firstByteAt = this.#parts.now();
    this.#responseHeaders = head.stored;
    this.#capture.refuse("upgrade");
    if (!upgrade || this.#clientLeft) {
      upstream.destroy();
      return this.#finish("client-left");
    }
    tunnel({ client: upgrade.socket, head: upgrade.head, upstream, status, controller, parts: this.#parts })
      .then(({ up, down }) => {
        this.#capture.requestBytes += up;
        this.#capture.responseBytes += down;
        this.#ended = { trailers: [] };
        this.#finish("tunnelled");
      });
  }

  onResponseStart(controller: AnswerController, status: number, _headers: unknown, text?: string): void {
    if (this.#clientLeft) return;
    const head = readResponseHead(controller.rawHeaders);
    if (status < 200) return this.#answer.informational(status, text ?? "", head.forward);
    this.#status = status;
    this.#firstByteAt = this.#parts.now();
    this.#responseHeaders = head.stored;
    this.#answer.start(status, text, head.forward);
    const bodyless = this.#call.method === "HEAD" || status === 204 || status === 304 ||
      head.contentLength === 0;
    if (this.#parts.durability === "before-response") {
      if (!bodyless) this.#missing = head.contentLength;
      this.#scanner = terminalScanner(head.stored["content-type"], head.stored["content-encoding"]);
      // What must not be delivered unrecorded can be withheld whole only while nothing of it went out.
      this.#holding = bodyless ||
        this.#parts.onFailure === "block" && !streamFormat(head.stored["content-type"]);
    }
    // A body that came with its head goes out with it. Otherwise the head goes alone, at once.
    if (!this.#holding) {
      queueMicrotask(() => {
        if (this.#answer.heldBytes === 0 && !this.#over && !this.#recorded) this.#answer.flush();
      });
    }
  }

  onResponseData(controller: AnswerController, chunk: Buffer): void {
    if (this.#clientLeft) return;
    if (this.#recorded) {
      this.#parts.metrics.lateBytes.inc({}, chunk.length);
      if (this.#decided) this.#write(controller, chunk);
      else this.#answer.hold(chunk);
      return;
    }
    this.#capture.addResponse(chunk);
    if (this.#parts.durability === "async") return this.#write(controller, chunk);
    const from = this.#holdFrom(chunk);
    if (from < 0) return this.#write(controller, chunk);
    if (from > 0) this.#write(controller, chunk.subarray(0, from));
    this.#answer.hold(from === 0 ? chunk : chunk.subarray(from));
    if (this.#scanner?.state === "whole" && !this.#graceful) {
      this.#graceful = true;
      // Mostly the end comes with the event, and no timer is needed.
      queueMicrotask(() => {
        if (!this.#recorded) this.#grace = setTimeout(() => this.#finish("complete"), graceMs);
      });
    }
  }

  onResponseEnd(controller: AnswerController): void {
    this.#ended = { trailers: readResponseHead(controller.rawTrailers).forward };
    this.#finish("complete");
  }

  onResponseError(_controller: AnswerController | null, error: Error): void {
    if (this.#over) return;
    this.#ended = { trailers: [], error };
    if (this.#clientLeft) this.#finish("client-left");
    else if (this.#status === undefined) this.#finish("upstream-failed", error);
    else this.#finish("upstream-cut", error);
  }

  #dispatch(body: Buffer | Upload | null): void {
    if (this.#clientLeft) return this.#leave();
    const { upstream, method, target, headers, upgrade } = this.#call;
    this.#forwarded = true;
    this.#parts.metrics.forwarded.inc();
    upstream.dispatch({ method, target, headers, body, upgrade: upgrade?.protocol }, this);
  }

  #write(controller: AnswerController, part: Uint8Array): void {
    if (!this.#answer.write(part)) controller.pause();
  }

  /** Where in the chunk holding back begins; -1 where all of it may go. */
  #holdFrom(chunk: Uint8Array): number {
    const from = this.#scanner ? this.#scanner.push(chunk) : -1;
    if (this.#missing !== undefined) this.#missing -= chunk.length;
    // What is held is kept as well, and bounded by that. What isn't kept is held as long as it is little.
    if (this.#capture.notCaptured && this.#answer.heldBytes + chunk.length > heldUncaptured) {
      this.#holding = false;
      if (!this.#answer.release()) this.#controller?.pause();
      return -1;
    }
    if (this.#holding || this.#missing === 0 && from < 0) return 0;
    if (from >= 0) this.#holding = true;
    return from;
  }

  /** The answer is over, or as good as: appends the row, once, and then lets the client have the rest. */
  #finish(outcome: CallOutcome, error?: Error): void {
    clearTimeout(this.#grace);
    if (this.#recorded) {
      if (this.#decided) this.#conclude();
      return;
    }
    this.#recorded = true;
    const failure = error && describeFailure(this.#call.meta.upstream, error);
    const meta = this.#meta(outcome, failure);
    if (this.#capture.notCaptured) this.#parts.metrics.notCaptured.inc({ reason: this.#capture.notCaptured });
    const waits = this.#parts.durability === "before-response" && outcome !== "client-left";
    this.#parts.recorder.record(meta, this.#capture.request, this.#capture.response, (verdict) => {
      if (!waits) return;
      this.#decided = true;
      if (verdict === "block") this.#block();
      else this.#conclude();
    });
    // The row has its own copy.
    this.#capture.release();
    if (waits) return;
    this.#decided = true;
    this.#conclude();
  }

  /** The verdict is known: what is held goes out, and if the upstream is done, so is the answer. */
  #conclude(): void {
    if (this.#over) return;
    if (this.#clientLeft || this.#status === 101) return this.#leave();
    const { upstream } = this.#call.meta;
    if (!this.#ended) {
      if (!this.#answer.release()) this.#controller?.pause();
    } else if (!this.#ended.error) {
      this.#answer.end(this.#ended.trailers);
      this.#leave();
    } else if (this.#status === undefined) {
      this.#answer.fail(502, {
        type: "upstream_failed",
        message: describeFailure(upstream, this.#ended.error),
      });
      this.#leave();
    } else {
      this.#answer.release();
      this.#answer.cut();
      this.#leave();
    }
  }

  #block(): void {
    if (this.#over) return;
    const reason = this.#parts.recorder.health().detail ?? "the call could not be stored";
    this.#answer.fail(503, {
      type: "call_not_stored",
      message: `Cannot deliver the answer: ${reason}; try again`,
    });
    this.#leave();
    if (!this.#ended) this.#controller?.abort(new Error("the answer was withheld"));
  }

  /** The client's connection or the answer has ended. */
  #closed(): void {
    if (this.#over || this.#clientLeft) return;
    this.#clientLeft = true;
    if (!this.#forwarded) this.#leave();
    else if (this.#status === 101 || this.#ended) return;
    else this.#controller?.abort(new Error("the client left"));
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#capture.release();
    this.#parts.underWay.calls--;
    this.#parts.ended();
  }

  #meta(outcome: CallOutcome, error: string | undefined): CallMeta {
    const { meta, more, requestHeaders } = this.#call;
    const { notCaptured, requestBytes, responseBytes } = this.#capture;
    // One literal: spreads cost as much as writing the row.
    return {
      v: 1,
      id: meta.id,
      started_at: meta.started_at,
      method: meta.method,
      target: meta.target,
      provider: meta.provider,
      provider_type: meta.provider_type,
      upstream: meta.upstream,
      first_byte_at: this.#firstByteAt,
      ended_at: this.#parts.now(),
      agent: more.agent,
      project: more.project,
      api_key_fingerprint: more.api_key_fingerprint,
      tenant: more.tenant,
      user: more.user,
      session: more.session,
      status: this.#status,
      request_headers: requestHeaders,
      response_headers: this.#responseHeaders,
      outcome,
      error,
      not_captured: notCaptured,
      request_bytes: requestBytes,
      response_bytes: responseBytes,
    };
  }
}
