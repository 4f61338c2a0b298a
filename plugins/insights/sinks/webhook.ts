import type { Envelope } from "../events/envelope.ts";
import { retryAfterMs } from "./retry_after.ts";
import { signature } from "./sign.ts";

/** Where posts go, and how. */
export interface WebhookOptions {
  /** For messages. */
  readonly name: string;
  readonly url: string;
  readonly secret?: string;
  readonly timeoutMs: number;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Posts events, one at a time, and waits where the receiver asks for it. */
export class Webhook {
  readonly #options: WebhookOptions;
  /** The receiver wants nothing before; milliseconds since 1970. */
  #notBeforeMs = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the receiver has taken the event: when it answered 2xx.
   * @throws {Error} it has not; the message says why, without the address.
   */
  async post(event: Envelope, signal: AbortSignal): Promise<void> {
    const { name, now, sleep } = this.#options;
    const waitMs = this.#notBeforeMs - now();
    if (waitMs > 0) await sleep(waitMs, signal);
    signal.throwIfAborted();
    const response = await this.#send(event, signal);
    await response.body?.cancel();
    if (response.ok) return;
    const askedMs = retryAfterMs(response.headers.get("retry-after"), now());
    if (askedMs > 0) this.#notBeforeMs = now() + askedMs;
    const moved = response.status >= 300 && response.status < 400 ? "; redirects are not followed" : "";
    throw new Error(`Cannot post to webhook ${name}: it answered ${response.status}${moved}`);
  }

  async #send(event: Envelope, signal: AbortSignal): Promise<Response> {
    const { name, url, secret, timeoutMs, now } = this.#options;
    const id = event.event_id;
    const timestamp = Math.floor(now() / 1000);
    const body = JSON.stringify(event);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      return await fetch(url, {
        method: "POST",
        body,
        redirect: "manual",
        signal: AbortSignal.any([signal, timeout]),
        headers: {
          "content-type": "application/json",
          "user-agent": "capstan",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          ...secret !== undefined && { "webhook-signature": signature(secret, { id, timestamp, body }) },
        },
      });
    } catch (cause) {
      const why = timeout.aborted ? `no answer within ${timeoutMs} ms` : "it can't be reached";
      throw new Error(`Cannot post to webhook ${name}: ${why}`, { cause: withoutAddress(cause, url) });
    }
  }
}

/** A failure that does not tell the address, which may be all that is needed to post to it. */
function withoutAddress(failure: unknown, url: string): Error {
  const { origin, pathname, search } = new URL(url);
  const texts: string[] = [];
  for (let each = failure; each !== undefined; each = each instanceof Error ? each.cause : undefined) {
    texts.push(each instanceof Error ? each.message || each.name : String(each));
  }
  const told = [url, origin + pathname + search, pathname + search].filter((each) => each.length > 1);
  return new Error(told.reduce((rest, each) => rest.replaceAll(each, "…"), texts.join(": ")));
}
