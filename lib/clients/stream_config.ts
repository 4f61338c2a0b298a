import * as z from "zod";
import { checkConfig } from "./check_config.ts";
import { wholeNumber } from "./connection_config.ts";

/** How a `StreamProcessor` makes its batches. */
export interface StreamConfig {
  /** Records of one batch at most. Default 32. */
  batchSize?: number;
  /** Milliseconds a batch may take to fill; 0: what one poll gives. Default 250. */
  maxWaitMs?: number;
  /** Milliseconds one poll waits while a batch fills. Default 100. */
  pollTimeoutMs?: number;
  /** Whether a batch is committed once it is handled and, with `waitForPublish`, its outputs are stored. Default true. */
  commitOnSuccess?: boolean;
  /**
   * Whether outputs must be acknowledged before their batch is committed. Default true. With false a failed output
   * is told by the producer's `flush` and `close` alone, when its batch is committed already.
   */
  waitForPublish?: boolean;
}

const flag = () => z.boolean({ error: "must be true or false" });

const schema = z.strictObject({
  batchSize: wholeNumber(1).default(32),
  maxWaitMs: wholeNumber(0).default(250),
  pollTimeoutMs: wholeNumber(0).default(100),
  commitOnSuccess: flag().default(true),
  waitForPublish: flag().default(true),
}, { error: "must be a table of settings" });

const known = { "": Object.keys(schema.shape) };

/**
 * Checks a processor's configuration and fills in the defaults.
 * @throws {ClientConfigError} it can't be used; every problem is named.
 */
export function streamSettings(config: StreamConfig): Required<StreamConfig> {
  return checkConfig("the stream's configuration", schema, config, known);
}
