import { isSecretName, maskSecrets } from "./redact.ts";

const MAX_DEPTH = 6;

/** An error as plain data: name, message, code, and its causes within. */
export interface PlainError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: unknown;
  errors?: unknown[];
}

/** A field's value as JSON can hold it: errors with their causes, secrets masked, cycles cut. */
export function toPlain(value: unknown, name = "", depth = 0): unknown {
  if (typeof value === "string") return isSecretName(name) ? "***" : maskSecrets(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (isSecretName(name)) return "***";
  if (depth > MAX_DEPTH) return "…";
  if (value instanceof Error) return plainError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
  if (value instanceof URL) return maskSecrets(value.href);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return value.map((item) => toPlain(item, name, depth + 1));
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item, String(key), depth + 1)]));
}

function plainError(error: Error, depth: number): PlainError {
  const plain: PlainError = { name: error.name, message: maskSecrets(error.message) };
  if ("code" in error && (typeof error.code === "string" || typeof error.code === "number")) {
    plain.code = String(error.code);
  }
  // A bug's stack is what one needs; the stack of an expected failure says nothing its message does not.
  if (error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError) {
    plain.stack = maskSecrets(error.stack ?? "");
  }
  if (error.cause !== undefined) plain.cause = toPlain(error.cause, "cause", depth + 1);
  if (error instanceof AggregateError) {
    plain.errors = error.errors.map((each) => toPlain(each, "error", depth + 1));
  }
  return plain;
}

/** `message: cause: cause`, on one line. What `{ cause }` chains say, each once. */
export function errorChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && current !== null && depth < 10; depth++) {
    const said: string = current instanceof Error ? current.message || current.name : String(current);
    if (!parts.some((part) => part.includes(said))) parts.push(said);
    if (current instanceof AggregateError && current.cause === undefined) {
      for (const each of current.errors) parts.push(errorChain(each));
    }
    current = current instanceof Error ? current.cause : undefined;
  }
  return maskSecrets(parts.join(": "));
}
