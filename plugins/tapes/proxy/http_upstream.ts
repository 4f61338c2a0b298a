import { readFile } from "node:fs/promises";
import type { Dispatcher, Pool } from "undici";
import type { AnswerHandler, Upstream, UpstreamRequest } from "./upstream.ts";

/** Where an HTTP upstream is and how it is spoken to. */
export interface HttpUpstreamOptions {
  /** `https://host:port/base`. */
  url: string;
  /** PEM file of authorities beside the system's. */
  caFile?: string;
  /** Milliseconds to wait for response headers, and between two parts of a body; 0 waits for ever. */
  timeoutMs: number;
}

/** Longest wait for a connection, in milliseconds. */
const connectTimeoutMs = 10_000;

/** A provider reached by HTTP/1.1, by connections that are kept. */
export class HttpUpstream implements Upstream {
  readonly name: string;
  readonly #origin: string;
  readonly #base: string;
  readonly #options: HttpUpstreamOptions;
  #pool: Pool | undefined;

  /** @throws {TypeError} `url` is not an origin with or without a path. */
  constructor(options: HttpUpstreamOptions) {
    const parts = /^(https?:\/\/[^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(options.url);
    if (!parts) {
      throw new TypeError(
        `Cannot use upstream ${options.url}: it is not http(s)://host[:port][/path]; correct the setting`,
      );
    }
    this.#options = options;
    this.#origin = parts[1]!;
    this.#base = (parts[2] ?? "").replace(/\/+$/, "");
    this.name = this.#origin + this.#base;
  }

  async open(): Promise<void> {
    this.#pool ??= await this.#connect();
  }

  dispatch(request: UpstreamRequest, handler: AnswerHandler): void {
    if (!this.#pool) {
      handler.onResponseError?.(noController, new Error("the upstream is not open"));
      return;
    }
    const { method, target, headers, body, upgrade } = request;
    const options: Dispatcher.DispatchOptions = {
      // As text: URL would make `//host` another host, and tidy the path.
      path: this.#base + target,
      method,
      headers,
      body,
    };
    if (upgrade) options.upgrade = upgrade;
    this.#pool.dispatch(options, handler);
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  async #connect(): Promise<Pool> {
    const { caFile, timeoutMs } = this.#options;
    // Only an agent that starts needs undici: `--help` and the other commands do without its 0.1 s.
    const { openPool } = await import("./open_pool.ts");
    return openPool(this.#origin, {
      answerTimeoutMs: timeoutMs,
      timeoutMs: timeoutMs > 0 ? Math.min(timeoutMs, connectTimeoutMs) : connectTimeoutMs,
      authorities: caFile === undefined ? undefined : await readAuthorities(caFile),
    });
  }
}

async function readAuthorities(file: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(
      `Cannot read upstream_ca_file ${file}: ${
        cause instanceof Error ? cause.message : String(cause)
      }; correct the setting`,
      { cause },
    );
  }
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(`Cannot use upstream_ca_file ${file}: it holds no PEM certificate; correct the setting`);
  }
  return pem;
}

/** For a request that never got as far as a connection. */
const noController = {
  aborted: true,
  paused: false,
  reason: null,
  abort() {},
  pause() {},
  resume() {},
};
