import type { Logger, LogLevel } from "../../telemetry/logger.ts";
import { errorChain, toPlain } from "../../telemetry/plain.ts";
import type { FromWorker } from "./protocol.ts";

/** A logger whose lines go to the agent's at once, so that a plugin that hangs has said what it said. */
export function workerLogger(post: (message: FromWorker) => void, own: Record<string, unknown> = {}): Logger {
  const write = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    const sent = Object.entries({ ...own, ...fields }).map(([name, value]): [string, unknown] => [
      name,
      value instanceof Error && !(value instanceof TypeError) ? errorChain(value) : toPlain(value, name),
    ]);
    post({ kind: "line", level, message, fields: Object.fromEntries(sent) });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => workerLogger(post, { ...own, ...fields }),
  };
}
