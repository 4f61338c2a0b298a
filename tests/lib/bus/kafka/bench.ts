import type { Logger } from "../../../../lib/telemetry/logger.ts";

/** A logger nobody reads. */
export const silent: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silent,
};
