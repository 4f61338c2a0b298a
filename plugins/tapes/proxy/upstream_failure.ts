/** One sentence for a person: which upstream, and what went wrong with it. */
export function describeFailure(upstream: string, error: Error): string {
  return `Cannot reach ${upstream}: ${causeOf(error)}${isAway(error) ? `; ${ADVICE}` : ""}`;
}

/** For who reads the client's error: it is seldom the one who runs the agent. */
const ADVICE = "start it, or give the agent another with --upstream";

/** Whether nothing answers there, which is for the agent's operator to mend. */
function isAway(error: Error): boolean {
  return /ECONNREFUSED|ENOTFOUND/.test(codeOf(error));
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
  const inner = innerOf(error);
  const code = codeOf(error);
  const plain = known[code];
  const message = inner.message || error.message || code;
  return plain ? `${plain} (${message || code})` : message;
}

function innerOf(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error.cause instanceof Error ? error.cause : error;
}

function codeOf(error: Error): string {
  const inner = innerOf(error);
  return "code" in inner ? String(inner.code) : "code" in error ? String(error.code) : "";
}
