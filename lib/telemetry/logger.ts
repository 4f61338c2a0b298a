/** Severity of a log line, least to most severe. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Structured fields of a log line. Values must be plain data; an `Error` is printed with its causes. */
export type LogFields = Record<string, unknown>;

/** Where plugins and the agent say what happened. A line is one sentence, details go into fields. */
export interface Logger {
  /** For those who look for a fault. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator wants to know in normal running. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong, the agent goes on. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed and somebody should act. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}
