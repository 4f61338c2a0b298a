import type { Json } from "../turn.ts";
import { asList, asObject, asText, isEmpty, type JsonObject } from "./json.ts";
import { mergeDelta, mergeMember } from "./merge.ts";

/** What a delta's text is added to, and the kind of block it belongs to. */
const TEXTS: ReadonlyMap<string, { from: string; to: string; block: string }> = new Map([
  ["text_delta", { from: "text", to: "text", block: "text" }],
  ["thinking_delta", { from: "thinking", to: "thinking", block: "thinking" }],
  ["signature_delta", { from: "signature", to: "signature", block: "thinking" }],
  ["input_json_delta", { from: "partial_json", to: "partial_json", block: "tool_use" }],
]);

/** A streamed message of Anthropic's put together: it has the form it would have had unstreamed. */
export class StreamedMessage {
  readonly #head: JsonObject = {};
  readonly #blocks = new Map<number, JsonObject>();
  /** The first error reported. */
  error: Json | undefined;
  /** The message's end was seen. */
  terminal = false;

  /** Adds an event. */
  add(event: JsonObject): void {
    switch (event.type) {
      case "message_start":
        mergeDelta(this.#head, asObject(event.message) ?? {});
        asList(this.#head.content).forEach((block, at) =>
          this.#blocks.set(at, asObject(block) ?? { value: block })
        );
        return;
      case "content_block_start":
        this.#blocks.set(this.#indexOf(event), mergeDelta({}, asObject(event.content_block) ?? {}));
        return;
      case "content_block_delta":
        this.#addDelta(this.#indexOf(event), asObject(event.delta) ?? {});
        return;
      case "message_delta": {
        const { type: _, delta, usage, ...others } = event;
        // Each of these is said anew, none in pieces.
        for (const said of [asObject(delta) ?? {}, others]) {
          for (const [key, value] of Object.entries(said)) if (value !== null) this.#set(key, value);
        }
        this.#addUsage(asObject(usage) ?? {});
        return;
      }
      case "message_stop":
        this.terminal = true;
        return;
      case "error":
        this.error ??= isEmpty(event.error) ? event : event.error;
        return;
      case "content_block_stop":
      case "ping":
        return;
      default:
        if (!isEmpty(event.error)) this.error ??= event.error;
    }
  }

  #set(key: string, value: Json): void {
    if (key !== "__proto__") this.#head[key] = value;
  }

  /** Later counts are the whole ones, but those that a later event leaves out stay. */
  #addUsage(usage: JsonObject): void {
    const known = asObject(this.#head.usage) ?? {};
    for (const [key, value] of Object.entries(usage)) {
      if (value !== null && key !== "__proto__") known[key] = value;
    }
    if (!isEmpty(known)) this.#head.usage = known;
  }

  #indexOf(event: JsonObject): number {
    return typeof event.index === "number" ? event.index : Math.max(0, this.#blocks.size - 1);
  }

  #addDelta(index: number, delta: JsonObject): void {
    const type = asText(delta.type);
    const text = TEXTS.get(type);
    let block = this.#blocks.get(index);
    if (block === undefined) {
      this.#blocks.set(index, block = { type: text?.block ?? type.replace(/_delta$/, "") });
    }
    for (const key in delta) {
      const value = delta[key];
      if (key === "type" || value === undefined) continue;
      if (key === text?.from) block[text.to] = asText(block[text.to]) + asText(value);
      else if (key === "citation" && type === "citations_delta") {
        block.citations = [...asList(block.citations), value];
      } else mergeMember(block, key, value);
    }
  }

  /** The message, its tools' input as JSON text where it came in pieces. */
  get message(): JsonObject {
    const blocks = Array.from(this.#blocks).sort(([a], [b]) => a - b).map(([, block]) => {
      if (typeof block.partial_json !== "string") return block;
      const { partial_json, ...others } = block;
      return partial_json === "" ? others : { ...others, input: partial_json };
    });
    return { ...this.#head, content: blocks };
  }
}
