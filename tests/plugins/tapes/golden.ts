import type { Call, CallMeta, ProviderType } from "../../../plugins/tapes/call.ts";

/** A body as recorded. */
export type GoldenBody = { utf8: string } | { b64: string };

/** A request and its answer. */
export interface GoldenStep {
  request: { method: string; path: string; headers: [name: string, value: string][]; body: GoldenBody };
  upstream_response: {
    status: number;
    headers: [name: string, value: string][];
    framing: string;
    chunks: GoldenBody[];
  };
  upstream_saw: { method: string; path: string }[];
}

/** A row of tapes' table `nodes`. */
export interface GoldenNode {
  hash: string;
  bucket: string;
  type: string;
  role: string;
  content: string;
  model: string;
  provider: string;
  agent_name: string | null;
  stop_reason: string;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  cache_creation_input_tokens: number | null;
  cache_read_input_tokens: number | null;
  total_duration_ns: number | null;
  prompt_duration_ns: number | null;
  project: string | null;
  created_at: string;
  parent_hash: string | null;
}

/** What tapes v0.1.1 did with some calls. */
export interface GoldenCase {
  /** File name without `.json`: `01-openai-text`. */
  id: string;
  name: string;
  provider: ProviderType;
  /** tapes keeps everything here: our hashes are its hashes. */
  exact: boolean;
  notes: string;
  steps: GoldenStep[];
  nodes: GoldenNode[];
  events: { key: string; value: string }[];
  hash_inputs: Record<string, string>;
}

const FOLDER = new URL("../../fixtures/tapes-golden/", import.meta.url);

/** The bytes of a recorded body. */
export function goldenBytes(body: GoldenBody): Uint8Array {
  return "utf8" in body
    ? new TextEncoder().encode(body.utf8)
    : Uint8Array.from(atob(body.b64), (char) => char.charCodeAt(0));
}

/** All cases, in the order of their numbers. */
export function goldenCases(): GoldenCase[] {
  const names = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name).filter((name) =>
    name.endsWith(".json")
  );
  return names.sort().map((name) => {
    const { match, ...rest } = JSON.parse(Deno.readTextFileSync(new URL(name, FOLDER)));
    return { ...rest, id: name.slice(0, -".json".length), exact: match === "exact" };
  });
}

/** The case whose file name begins with a number: `goldenCase("09")`. */
export function goldenCase(number: string): GoldenCase {
  const found = goldenCases().find(({ id }) => id.startsWith(`${number}-`));
  if (!found) throw new RangeError(`Cannot load golden case ${number}: there is none`);
  return found;
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function headersOf(headers: [string, string][]): Record<string, string> {
  const kept = headers.filter(([name]) => !/^(authorization|x-api-key|cookie)$/i.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name.toLowerCase(), value]));
}

/** A step as the proxy records it. */
export function goldenCall(golden: GoldenCase, step: GoldenStep, change: Partial<CallMeta> = {}): Call {
  const { request, upstream_response: response } = step;
  const asked = goldenBytes(request.body);
  const answered = concat(response.chunks.map(goldenBytes));
  const agent = request.headers.find(([name]) => /^x-tapes-agent-name$/i.test(name))?.[1].trim();
  const meta: CallMeta = {
    v: 1,
    id: `01900000-0000-7000-8000-${String(golden.steps.indexOf(step)).padStart(12, "0")}`,
    started_at: 1_763_680_000_000,
    first_byte_at: 1_763_680_000_001,
    ended_at: 1_763_680_000_002,
    method: request.method,
    target: request.path,
    provider: golden.provider,
    provider_type: golden.provider,
    upstream: "http://127.0.0.1:9",
    ...(agent ? { agent } : {}),
    project: "golden",
    status: response.status,
    request_headers: headersOf(request.headers.filter(([name]) => !/^x-tapes-/i.test(name))),
    response_headers: headersOf(response.headers),
    outcome: "complete",
    request_bytes: asked.length,
    response_bytes: answered.length,
    ...change,
  };
  return { meta, request: asked, response: answered };
}
