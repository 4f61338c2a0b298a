import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";

/** A request on its way to a provider. */
export interface UpstreamRequest {
  method: string;
  /** Raw path and query as the client sent them, routing prefix removed; starts with `/`. */
  target: string;
  /** name, value, name, value …; without Host and hop-by-hop headers. */
  headers: string[];
  body: Buffer | Readable | null;
  /** The protocol of an `Upgrade` header that is to be passed on. */
  upgrade?: string;
}

/** What takes an answer as it comes. */
export type AnswerHandler = Dispatcher.DispatchHandler;

/** Stops, pauses and resumes an answer. */
export type AnswerController = Dispatcher.DispatchController;

/** Somewhere calls go. */
export interface Upstream {
  /** Origin and base path, for rows and error messages. */
  readonly name: string;
  /** Sends a request; everything else comes by `handler`. Never throws. */
  dispatch(request: UpstreamRequest, handler: AnswerHandler): void;
  /** Opens what it needs, as files. @throws {Error} a file can't be read. */
  open(): Promise<void>;
  /** Closes idle connections and aborts what is under way. Safe unopened and twice. */
  close(): Promise<void>;
}
