import { SendError } from "../send_error.ts";

/** What went wrong between us and the cluster. */
export type KafkaFailure =
  | "unreachable" // no broker answers, or not in time
  | "authentication" // wrong user, password, token or mechanism
  | "authorization" // the user may not do this
  | "security" // TLS where none is, or none where it is
  | "unknown-topic"
  | "too-large" // over the topic's max.message.bytes
  | "refused" // the topic takes no such record
  | "fenced" // this member or producer was replaced
  | "closed"
  | "other";

/** A failure of Kafka's, named. `cause` is what the library said. */
export class KafkaError extends Error {
  /** For `error.name`. */
  override readonly name = "KafkaError";
  /** Use `kafkaError` for what the library threw. */
  constructor(
    readonly failure: KafkaFailure,
    message: string,
    /** The same call may succeed later without anybody changing anything. */
    readonly retryable: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Whether the same call may succeed later without anybody changing anything. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof KafkaError) return error.retryable;
  if (error instanceof SendError) return error.causes.every(isRetryable);
  return false;
}

const TOO_LARGE = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];
const REFUSED = ["INVALID_RECORD", "INVALID_TIMESTAMP", "POLICY_VIOLATION", "INVALID_TOPIC_EXCEPTION"];
const FENCED = [
  ...["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED", "INVALID_PRODUCER_ID_MAPPING", "UNKNOWN_MEMBER_ID"],
  ...["ILLEGAL_GENERATION", "FENCED_INSTANCE_ID", "FENCED_MEMBER_EPOCH", "STALE_MEMBER_EPOCH"],
];
const AUTHENTICATION = ["SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"];

/** Names what the library threw. `action` completes "Cannot …": `send to topic "x"`. */
export function kafkaError(action: string, cause: unknown): KafkaError {
  if (cause instanceof KafkaError) return cause;
  const parts = partsOf(cause);
  const ids = parts.map((part) => part.apiId).filter((id) => id !== undefined);
  const has = (known: readonly string[]) => ids.find((id) => known.includes(id));
  const make = (failure: KafkaFailure, retryable: boolean, state: string) =>
    new KafkaError(failure, `Cannot ${action}: ${state}`, retryable, { cause });

  const token = parts.find((part) => part.message.startsWith("Cannot get a token"));
  if (token) return make("authentication", true, token.message);
  if (has(AUTHENTICATION) || parts.some((part) => part.code === "PLT_KFK_AUTHENTICATION")) {
    return make(
      "authentication",
      false,
      "the cluster refused the credentials; check sasl_mechanism, and sasl_username and sasl_password or the token",
    );
  }
  const authorization = ids.find((id) => id.endsWith("AUTHORIZATION_FAILED"));
  if (authorization) {
    return make("authorization", false, `not allowed (${authorization}); ask for the right ACL`);
  }
  const tls = parts.find((part) =>
    /TLS|certificate|SSL/i.test(part.message) || /^(ERR_TLS|CERT_|DEPTH_|SELF_|UNABLE_)/.test(part.code ?? "")
  );
  if (tls) return make("security", false, `${tls.message}; check security_protocol and ssl_ca_file`);
  if (has(TOO_LARGE)) return make("too-large", false, "it is over the topic's max.message.bytes");
  const refused = has(REFUSED);
  if (refused) return make("refused", false, `the topic refused it (${refused})`);
  if (
    has(["UNKNOWN_TOPIC_OR_PARTITION"]) || parts.some((part) => part.message.startsWith("Unknown topic "))
  ) {
    return make(
      "unknown-topic",
      false,
      "the cluster has no such topic; create it, or wait until it is known",
    );
  }
  const fenced = has(FENCED);
  if (fenced) return make("fenced", true, `another took over (${fenced})`);
  const said = parts.findLast(({ broker }) => broker)?.broker ?? parts.at(-1)?.message ?? String(cause);
  if (parts.some((part) => part.closed === true)) {
    return make("closed", true, "the connection was closed by us");
  }
  if (parts.some((part) => part.code === "PLT_KFK_NETWORK" || part.code === "PLT_KFK_TIMEOUT")) {
    // A port that asks for TLS or a password says nothing to who comes without, and closes.
    const check = /closed|ECONNRESET/i.test(said) ? "security_protocol" : "bootstrap_servers";
    return make("unreachable", true, `no broker answers (${said}); start one, or check ${check}`);
  }
  // Kafka's own errors say whether to try again; a mistake of ours (PLT_KFK_USER, TypeError) will not go away.
  const retryable = ids.length > 0 &&
    !parts.some((part) => part.canRetry === false && part.apiId !== undefined);
  return make("other", retryable, ids[0] === undefined ? said : `${said} (${ids[0]})`);
}

interface Part {
  message: string;
  code?: string;
  apiId?: string;
  canRetry?: boolean;
  closed?: boolean;
  /** What the broker says of this very request. */
  broker?: string;
}

/** The error, what it wraps and what it lists, outermost first. The library nests both ways. */
function partsOf(error: unknown, seen = new Set<unknown>()): Part[] {
  if (!(error instanceof Error) || seen.has(error)) return [];
  seen.add(error);
  const inner: unknown[] = error instanceof AggregateError ? [...error.errors] : [];
  if (error.cause !== undefined) inner.push(error.cause);
  return [partOf(error), ...inner.flatMap((part) => partsOf(part, seen))];
}

function partOf(error: Error): Part {
  const fields: Record<string, unknown> = { ...error };
  return {
    message: error.message,
    code: typeof fields.code === "string" ? fields.code : undefined,
    apiId: typeof fields.apiId === "string" ? fields.apiId : undefined,
    canRetry: typeof fields.canRetry === "boolean" ? fields.canRetry : undefined,
    closed: typeof fields.closed === "boolean" ? fields.closed : undefined,
    broker: typeof fields.serverErrorMessage === "string"
      ? fields.serverErrorMessage.replace(/\.$/, "")
      : undefined,
  };
}
