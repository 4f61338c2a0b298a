import type { LogFields, LogLevel } from "./logger.ts";

/** One line before it is formatted. */
export interface LogLine {
  /** Milliseconds since 1970. */
  time: number;
  /** Severity. */
  level: LogLevel;
  /** One sentence. */
  message: string;
  /** Details. */
  fields: LogFields;
}
