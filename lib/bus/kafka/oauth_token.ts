import { Buffer } from "node:buffer";
import { readJson } from "../../json/read_json.ts";

/** Where tokens for OAUTHBEARER come from. */
export interface TokenSource {
  /** `https://…`; `http://` to loopback only. */
  url: string;
  /** With a secret: the client-credentials grant (RFC 6749, 4.4). Without: `url` answers a GET with a token. */
  clientId?: string;
  clientSecret?: string;
  /** Scope to ask for. */
  scope?: string;
  /** Milliseconds since 1970. Default: the clock. */
  now?(): number;
}

/** Milliseconds the server has for its answer. */
const ANSWER_MS = 5_000;
/** A token is asked for anew when so little of its time is left. */
const SPARE_MS = 30_000;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Gives tokens, each kept until shortly before it ends; one request at a time.
 * @throws {TypeError} the URL is none, or would send a secret in clear text over a network.
 */
export function oauthTokens(source: TokenSource): () => Promise<string> {
  const url = checkedUrl(source.url);
  const now = source.now ?? Date.now;
  let kept: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    const { token, expiresIn } = await fetchToken(url, source);
    // What does not say how long it lasts is asked for each time, as a file is read each time.
    kept = expiresIn === undefined ? undefined : { token, until: now() + expiresIn * 1_000 - SPARE_MS };
    return token;
  }

  return () => {
    if (kept !== undefined && now() < kept.until) return Promise.resolve(kept.token);
    asking ??= ask().finally(() => asking = undefined);
    return asking;
  };
}

function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError("Cannot ask for a token: sasl_token_url is no http(s) address; correct it");
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    throw new TypeError(
      `Cannot ask ${url.origin} for a token: it would go over the network in clear text; use https`,
    );
  }
  return url;
}

async function fetchToken(
  url: URL,
  { clientId, clientSecret, scope }: TokenSource,
): Promise<{ token: string; expiresIn?: number }> {
  const grant = clientId !== undefined && clientSecret !== undefined;
  const where = url.origin + url.pathname;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      ...(grant && {
        method: "POST",
        headers: {
          authorization: `Basic ${
            Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString(
              "base64",
            )
          }`,
        },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          ...(scope !== undefined && { scope }),
        }),
      }),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    text = (await response.text()).trim();
  } catch (cause) {
    throw new Error(`Cannot get a token from ${where}: it does not answer; check sasl_token_url`, { cause });
  }
  // What it says may hold what was sent; its status is enough.
  if (!response.ok) {
    throw new Error(
      `Cannot get a token from ${where}: it answers ${response.status}; check ` +
        (grant ? "sasl_token_client_id and sasl_token_client_secret" : "sasl_token_url"),
    );
  }
  if (!grant && /^[\w.~+/=-]+$/.test(text)) return { token: text };
  const { access_token: token, expires_in: expiresIn } = json(text);
  if (typeof token !== "string" || token === "") {
    throw new Error(`Cannot get a token from ${where}: its answer has no access_token`);
  }
  return { token, ...(typeof expiresIn === "number" && { expiresIn }) };
}

function json(text: string): Record<string, unknown> {
  try {
    const value: unknown = readJson(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {}; // then it has no access_token, which is what is said
  }
}
