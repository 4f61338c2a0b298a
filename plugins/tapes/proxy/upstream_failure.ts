/** One sentence for a person: which upstream, and what went wrong with it. */
export function describeFailure(upstream: string, error: Error): string {
  return `Cannot reach ${upstream}: ${causeOf(error)}`;
}

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name could not be looked up",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer within upstream_timeout",
  UND_ERR_BODY_TIMEOUT: "the answer stopped for longer than upstream_timeout",
  UND_ERR_SOCKET: "the connection was closed",
};

/** The innermost cause says most: undici and Deno wrap what the system said. */
function causeOf(error: Error): string {
  const inner = error instanceof AggregateError && error.errors[0] instanceof Error
    ? error.errors[0]
    : error.cause instanceof Error
    ? error.cause
    : error;
  const code = "code" in inner ? String(inner.code) : "code" in error ? String(error.code) : "";
  const plain = known[code];
  const message = inner.message || error.message || code;
  return plain ? `${plain} (${message || code})` : message;
}
