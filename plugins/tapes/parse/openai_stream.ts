import { Buffer } from "node:buffer";
import type { Json } from "../turn.ts";
import { asObject, asText, isEmpty, type JsonObject } from "./json.ts";
import { mergeDelta, mergeMember } from "./merge.ts";

/** Members of a chunk's choice that have places of their own; the last is no name anything could have. */
const PLACED: ReadonlySet<string> = new Set(["index", "delta", "message", "finish_reason", "__proto__"]);

/** A streamed choice put together: its message has the form it would have had unstreamed. */
export class StreamedChoice {
  /** The message so far. */
  readonly message: JsonObject = {};
  /** What was said of the choice beside its message. */
  readonly further: JsonObject = {};
  /** "" until it is said. */
  finishReason = "";
  readonly #calls: JsonObject[] = [];

  /** Adds a chunk's choice. */
  add(choice: JsonObject): void {
    const delta = asObject(choice.delta) ?? (isEmpty(this.message) ? asObject(choice.message) : undefined);
    if (delta !== undefined) this.#addDelta(delta);
    if (typeof choice.finish_reason === "string") this.finishReason = choice.finish_reason;
    for (const key in choice) {
      if (PLACED.has(key)) continue;
      const value = choice[key];
      if (value === undefined || isEmpty(value)) continue;
      // Logprobs come in pieces; anything else is said anew with each chunk.
      const pieces = key === "logprobs" ? asObject(value) : undefined;
      if (pieces !== undefined) mergeDelta(this.further, { logprobs: pieces });
      else this.further[key] = value;
    }
  }

  #addDelta(delta: JsonObject): void {
    for (const key in delta) {
      const value = delta[key];
      if (value === undefined) continue;
      if (key === "content") this.message.content = joinContent(this.message.content, value);
      else if (key === "tool_calls" && Array.isArray(value)) {
        value.forEach((call) => this.#addCall(asObject(call) ?? {}));
      } else if (key === "audio" && asObject(value)) this.#addAudio(value);
      else mergeMember(this.message, key, value);
    }
  }

  #addAudio(audio: Json): void {
    const { data, ...more } = asObject(audio) ?? {};
    const known = mergeDelta(asObject(this.message.audio) ?? {}, more);
    if (typeof data === "string") known.data = joinBase64(asText(known.data), data);
    this.message.audio = known;
  }

  #addCall(call: JsonObject): void {
    const { index, id, function: called, custom, ...others } = call;
    const target = this.#callOf(index, asText(id));
    mergeDelta(target, others);
    if (asText(id) !== "") target.id = asText(id);
    for (const [key, value] of [["function", called], ["custom", custom]] as const) {
      const piece = asObject(value);
      if (piece === undefined) continue;
      const { name, ...more } = piece;
      const known = asObject(target[key]) ?? {};
      const before = asText(known.name), news = asText(name);
      // Some servers say the name with each piece, some say it in pieces.
      if (news !== before) known.name = before + news;
      target[key] = mergeDelta(known, more);
    }
  }

  /** The call that a piece belongs to. A new id begins a new call, whatever its index: some servers always send 0. */
  #callOf(index: Json | undefined, id: string): JsonObject {
    const known = typeof index === "number"
      ? this.#calls.findLast((call) => call.index === index)
      : id === ""
      ? this.#calls.at(-1)
      : this.#calls.find((call) => call.id === id);
    if (known !== undefined && (id === "" || known.id === undefined || known.id === id)) return known;
    const call: JsonObject = typeof index === "number" ? { index } : {};
    this.#calls.push(call);
    this.message.tool_calls = this.#calls;
    return call;
  }
}

/** Content comes as texts or, from some servers, as lists of parts. */
function joinContent(known: Json | undefined, delta: Json): Json {
  if (known === undefined || known === null) return Array.isArray(delta) ? joinParts([], delta) : delta;
  if (delta === null) return known;
  if (typeof known === "string" && typeof delta === "string") return known + delta;
  return joinParts(partsOf(known), partsOf(delta));
}

function partsOf(content: Json): Json[] {
  if (Array.isArray(content)) return content;
  return content === "" ? [] : [{ type: "text", text: content }];
}

/** Appends parts; a text or a thought that goes on is one part. */
function joinParts(parts: Json[], delta: Json[]): Json[] {
  for (const part of delta) {
    const last = asObject(parts.at(-1)), next = asObject(part);
    if (last && next && last.type === next.type && (next.type === "text" || next.type === "thinking")) {
      if (Array.isArray(last.thinking) && Array.isArray(next.thinking)) {
        last.thinking = joinParts(last.thinking, next.thinking);
      } else mergeDelta(last, next);
    } else parts.push(next ? mergeDelta({}, next) : part);
  }
  return parts;
}

/** Pieces of base64 are each complete in themselves: after padding the bytes have to be joined. */
function joinBase64(known: string, next: string): string {
  if (!known.endsWith("=")) return known + next;
  return Buffer.concat([Buffer.from(known, "base64"), Buffer.from(next, "base64")]).toString("base64");
}
