import { request } from "node:http";
import type { ScriptedAnswer } from "./stand_in.ts";

/** A body as the recorded cases hold it. */
interface RecordedBody {
  utf8?: string;
  b64?: string;
}

/** A recorded case of tapes. */
export interface GoldenCase {
  name: string;
  provider: "openai" | "anthropic" | "ollama";
  match: string;
  steps: {
    request: { method: string; path: string; headers: [string, string][]; body: RecordedBody };
    upstream_response: {
      status: number;
      headers: [string, string][];
      framing: string;
      chunks: RecordedBody[];
    };
  }[];
  nodes: { hash: string }[];
  events: { key: { utf8?: string } | string }[];
}

/** The recorded cases, by file name. */
export async function goldenCases(): Promise<GoldenCase[]> {
  const folder = new URL("../fixtures/tapes-golden/", import.meta.url);
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) if (entry.name.endsWith(".json")) names.push(entry.name);
  return await Promise.all(
    names.sort().map(async (name) => JSON.parse(await Deno.readTextFile(new URL(name, folder)))),
  );
}

/** What the provider answers in a case, step by step. */
export function scriptOf(golden: GoldenCase): ScriptedAnswer[] {
  return golden.steps.map(({ upstream_response: { status, headers, framing, chunks } }) => ({
    status,
    headers,
    framing,
    chunks: chunks.map(bytesOf),
  }));
}

/** Sends a step's request as it was recorded, path and all, and resolves with the answer's bytes. */
export function sendStep(origin: string, step: GoldenCase["steps"][number]): Promise<Uint8Array> {
  const { method, path, headers, body } = step.request;
  const { hostname, port } = new URL(origin);
  const bytes = bytesOf(body);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const sent = request({ host: hostname, port, method, path, agent: false }, (response) => {
    const parts: Uint8Array[] = [];
    response.on("data", (part: Uint8Array) => parts.push(part));
    response.on("error", reject);
    response.on("end", () => resolve(joined(parts)));
  });
  for (const [name, value] of headers) sent.setHeader(name, value);
  sent.setHeader("content-length", bytes.length);
  sent.on("error", reject);
  sent.end(bytes);
  return promise;
}

/** The bytes of a recorded body. */
export function bytesOf(body: RecordedBody): Uint8Array<ArrayBuffer> {
  return body.b64 === undefined ? new TextEncoder().encode(body.utf8 ?? "") : Uint8Array.fromBase64(body.b64);
}

/** Parts in one piece. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
