import { formatJson } from "./format_json.ts";
import { formatText } from "./format_text.ts";
import type { LineRedaction, LogLine } from "./log_line.ts";
import type { LogFields, Logger, LogLevel } from "./logger.ts";

/** Where finished lines go; a line comes without its newline. Must not throw. */
export type LogSink = (line: string, level: LogLevel) => void;

/** How a line looks. */
export type LogFormat = "text" | "json";

/** How a logger is made. */
export interface LoggerOptions {
  /** Least severe level that is written; a function is asked for each line. Default `"info"`. */
  level?: LogLevel | (() => LogLevel);
  /** One readable line, or JSON lines; a function is asked for each line. Default `"text"`. */
  format?: LogFormat | (() => LogFormat);
  /** Default: standard error. */
  sink?: LogSink;
  /** Milliseconds since 1970. */
  now?(): number;
  /** Fields of every line; `component` comes first. */
  fields?: LogFields;
  /** What more is taken out of messages and fields than keys and passwords. */
  redact?: LineRedaction;
}

const RENDER: Readonly<Record<LogFormat, (line: LogLine) => string>> = { text: formatText, json: formatJson };
const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger. Secrets in fields and messages are masked before a line is formatted. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", format = "text", sink = toStderr, now = Date.now, fields: own = {}, redact } =
    options;
  const least = typeof level === "function" ? level : () => level;
  const render = typeof format === "function" ? (line: LogLine) => RENDER[format()](line) : RENDER[format];
  const write = (at: LogLevel) => (message: string, fields?: LogFields) => {
    if (RANK[at] < RANK[least()]) return;
    sink(render({ time: now(), level: at, message, fields: { ...own, ...fields }, redact }), at);
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => createLogger({ ...options, fields: { ...own, ...fields } }),
  };
}

const encoder = new TextEncoder();

/** Writes one line to standard error, whole. A closed standard error is no reason to stop an agent. */
function toStderr(line: string): void {
  let rest = encoder.encode(line + "\n");
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.WouldBlock) return;
    throw error;
  }
}
