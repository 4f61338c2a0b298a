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
  /** What is taken out of it. Default: keys and passwords, as `maskSecrets` knows them. */
  redact?: LineRedaction;
}

/** Leaves a line as it is. */
export const NOTHING_MORE: LineRedaction = { text: (text) => text, value: (value) => value };

/** What takes secrets out of a line. */
export interface LineRedaction {
  /** Of a text. */
  text(text: string): string;
  /** Of plain data. */
  value(value: unknown): unknown;
}
