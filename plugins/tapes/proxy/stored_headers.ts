/** Request headers a row keeps; nothing that carries a credential. */
export const storedRequestNames: ReadonlySet<string> = new Set([
  "accept",
  "anthropic-beta",
  "anthropic-version",
  "content-encoding",
  "content-type",
  "openai-beta",
  "openai-organization",
  "openai-project",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-client-request-id",
  "x-request-id",
  "x-stainless-lang",
  "x-stainless-package-version",
  "x-stainless-retry-count",
]);

/** Response headers a row keeps. */
export const storedResponseNames: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-type",
  "openai-processing-ms",
  "openai-version",
  "request-id",
  "retry-after",
  "x-request-id",
]);

/** Characters of a header value kept at most. */
export const LONGEST_HEADER = 1024;

/** Keeps a header (name in lower case), repeats joined as HTTP has it. */
export function keepHeader(into: Record<string, string>, name: string, value: string): void {
  const before = into[name];
  into[name] = (before === undefined ? value : `${before}, ${value}`).slice(0, LONGEST_HEADER);
}
