/** A request of a route, as it crosses between threads. */
export interface SentRequest {
  method: string;
  url: string;
  headers: [string, string][];
  /** `null`: it has none. */
  body: ArrayBuffer | null;
}

/** An answer of a route. */
export interface SentResponse {
  status: number;
  statusText: string;
  headers: [string, string][];
  /** Whole; `null`: it has none. */
  body: ArrayBuffer | null;
}

/** Reads a request whole. */
export async function sendRequest(request: Request): Promise<SentRequest> {
  const { method, url, headers } = request;
  return {
    method,
    url,
    headers: [...headers],
    body: request.body === null ? null : await request.arrayBuffer(),
  };
}

/** The request again, under the signal of its call. */
export function receiveRequest({ method, url, headers, body }: SentRequest, signal: AbortSignal): Request {
  return new Request(url, { method, headers, signal, ...(body !== null && { body }) });
}

/**
 * Reads an answer whole.
 * @throws {TypeError} it is no `Response`.
 */
export async function sendResponse(response: unknown): Promise<SentResponse> {
  if (!(response instanceof Response)) {
    throw new TypeError("Cannot use what the route returned: it is no Response; return one");
  }
  const { status, statusText, headers } = response;
  return {
    status,
    statusText,
    headers: [...headers],
    body: response.body === null ? null : await response.arrayBuffer(),
  };
}

/** The answer again. */
export function receiveResponse({ body, ...rest }: SentResponse): Response {
  return new Response(body, rest);
}
