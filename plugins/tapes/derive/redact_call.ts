import type { Redaction } from "capstan";
import type { CallMeta } from "../call.ts";
import type { Parsed, TurnRequest } from "../turn.ts";

/** What is known of a call beside its bytes, without secrets. Its own ids and figures stay. */
export function redactMeta(meta: CallMeta, redact: Redaction): CallMeta {
  if (!redact.on) return meta;
  const name = (text: string | undefined) => text === undefined ? undefined : redact.identity(text);
  return {
    ...meta,
    target: redactTarget(meta.target, redact),
    upstream: redact.text(meta.upstream),
    agent: name(meta.agent),
    project: name(meta.project),
    tenant: name(meta.tenant),
    user: name(meta.user),
    session: name(meta.session),
    request_headers: redact.value(meta.request_headers),
    response_headers: redact.value(meta.response_headers),
    error: meta.error === undefined ? undefined : redact.text(meta.error),
  };
}

/** A target may say it percent-encoded. */
function redactTarget(target: string, redact: Redaction): string {
  return target.split(/([/?&;=])/).map((part) => {
    const decoded = decodedPart(part);
    const redacted = redact.text(decoded);
    return redacted === decoded ? part : redacted;
  }).join("");
}

function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // It is as it is: a bare percent sign.
    return part;
  }
}

/** What was parsed of a call, without secrets: before anything of it is hashed. Ids that link turns stay. */
export function redactParsed(parsed: Parsed, redact: Redaction): Parsed {
  if (!redact.on) return parsed;
  const redacted = redact.value(parsed);
  if ("turn" in parsed && "turn" in redacted) {
    const { request, response_id } = parsed.turn;
    const turn = { ...redacted.turn, request: withIds(redacted.turn.request, request, redact) };
    if (response_id !== undefined) turn.response_id = response_id;
    return { turn };
  }
  if (!("reason" in redacted) || !("reason" in parsed) || !redacted.request || !parsed.request) {
    return redacted;
  }
  return { ...redacted, request: withIds(redacted.request, parsed.request, redact) };
}

function withIds(redacted: TurnRequest, from: TurnRequest, redact: Redaction): TurnRequest {
  const request = { ...redacted };
  if (from.user !== undefined) request.user = redact.identity(from.user);
  if (from.previous_response_id !== undefined) request.previous_response_id = from.previous_response_id;
  return request;
}
