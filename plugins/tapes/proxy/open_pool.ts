import { Pool } from "undici";
import { trustingConnector, type TrustOptions } from "./trusting_connector.ts";

/** What connections to an upstream are made with. */
export interface PoolSettings extends TrustOptions {
  /** Milliseconds to wait for response headers, and between two parts of a body; 0 waits for ever. */
  answerTimeoutMs: number;
}

/** Connections to one origin, kept alive, made as calls come. */
export function openPool(origin: string, { answerTimeoutMs, ...trust }: PoolSettings): Pool {
  return new Pool(origin, {
    allowH2: false,
    pipelining: 1,
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    maxHeaderSize: 65_536,
    connect: trustingConnector(trust),
  });
}
