import { connectionNames, isHopByHop } from "./hop_by_hop.ts";
import { headerText } from "./header_text.ts";
import { keyFingerprint, keyHeaders } from "./key_fingerprint.ts";
import { keepHeader, storedRequestNames } from "./stored_headers.ts";

/** Who a call says it is for. */
export interface Claims {
  tenant?: string;
  user?: string;
  session?: string;
}

/** A request's headers, sorted out in one pass. */
export interface RequestHead {
  /** What goes to the upstream: name, value, name, value …; order, case and repeats as they came. */
  forward: string[];
  /** What the row keeps. Names in lower case. */
  stored: Record<string, string>;
  /** `X-Tapes-Agent-Name`, trimmed; absent where empty. */
  agent?: string;
  /** `X-Capstan-Tenant`, `-User` and `-Session`, where there are any: only as good as the sender. */
  claims?: Claims;
  /** Fingerprint of the API key; absent where there is none. */
  keyFingerprint?: string;
  /** The declared length; absent for chunked bodies and for none. */
  contentLength?: number;
  /** A body follows. */
  hasBody: boolean;
}

/** Reads `rawHeaders` of node:http. `fingerprint` is `keyFingerprint`, or one that remembers. */
export function readRequestHead(
  raw: readonly string[],
  fingerprint: (header: string) => string | undefined = keyFingerprint,
): RequestHead {
  const named = connectionNames(raw);
  const head: RequestHead = { forward: [], stored: {}, hasBody: false };
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const value = raw[at + 1]!;
    if (name === "content-length") {
      head.contentLength = Number(value);
      head.hasBody = head.contentLength > 0;
    } else if (name === "transfer-encoding") head.hasBody = true;
    if (name.startsWith("x-tapes-")) {
      if (name === "x-tapes-agent-name") head.agent = headerText(value).trim() || undefined;
    } else if (name.startsWith("x-capstan-")) {
      readClaim(head.claims ??= {}, name, value);
    } else if (name !== "host" && name !== "expect" && !isHopByHop(name) && !named?.has(name)) {
      head.forward.push(raw[at]!, value);
      if (storedRequestNames.has(name)) keepHeader(head.stored, name, value);
      else if (keyHeaders.has(name)) head.keyFingerprint ??= fingerprint(value);
    }
  }
  return head;
}

function readClaim(claims: Claims, name: string, value: string): void {
  const text = headerText(value).trim();
  if (!text) return;
  if (name === "x-capstan-tenant") claims.tenant = text;
  else if (name === "x-capstan-user") claims.user = text;
  else if (name === "x-capstan-session") claims.session = text;
}
