/** An error as it crosses between threads, with its causes and where it was thrown. */
export interface SentError {
  /** Its class's name. */
  name: string;
  message: string;
  stack?: string;
  /** Its cause: another error, or anything else as text. */
  cause?: SentError | { text: string };
  /** Those of an `AggregateError`. */
  errors?: (SentError | { text: string })[];
  /** `code`, `failure` and their like. */
  fields: Record<string, string | number | boolean>;
}

/** Something that was thrown. */
export type Sent = SentError | { text: string };

const MAX_DEPTH = 8;
const BUILT_IN = { TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError } as const;

/** What was thrown, as plain data. */
export function sendError(thrown: unknown, depth = 0): Sent {
  if (!(thrown instanceof Error)) return { text: String(thrown) };
  const sent: SentError = { name: thrown.name, message: thrown.message, fields: {} };
  if (thrown.stack !== undefined) sent.stack = thrown.stack;
  for (const [name, value] of Object.entries(thrown)) {
    if (name === "cause" || name === "stack" || name === "name" || name === "message") continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      sent.fields[name] = value;
    }
  }
  if (depth >= MAX_DEPTH) return sent;
  if (thrown.cause !== undefined) sent.cause = sendError(thrown.cause, depth + 1);
  if (thrown instanceof AggregateError) {
    sent.errors = thrown.errors.map((each) => sendError(each, depth + 1));
  }
  return sent;
}

/** The error again: of its class where that is JavaScript's own, with its name, stack, causes and fields. */
export function receiveError(sent: Sent): Error {
  if ("text" in sent) return new Error(sent.text);
  const { name, message, stack, cause, errors, fields } = sent;
  const options = cause === undefined ? undefined : { cause: receiveError(cause) };
  const error = errors === undefined
    ? new (classOf(name))(message, options)
    : new AggregateError(errors.map(receiveError), message, options);
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true });
  if (stack !== undefined) {
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  }
  return Object.assign(error, fields);
}

function classOf(name: string): ErrorConstructor {
  return isBuiltIn(name) ? BUILT_IN[name] : Error;
}

function isBuiltIn(name: string): name is keyof typeof BUILT_IN {
  return Object.hasOwn(BUILT_IN, name);
}
