import type { Json } from "../turn.ts";
import { asList, asObject, asText, isEmpty, type JsonObject } from "./json.ts";
import { mergeDelta } from "./merge.ts";

/** Deltas that belong to a part of an item: the item's list, the part's type, and the part's text. */
const PART_TEXTS: Record<string, { list: string; type: string; text: string }> = {
  output_text: { list: "content", type: "output_text", text: "text" },
  refusal: { list: "content", type: "refusal", text: "refusal" },
  reasoning_text: { list: "content", type: "reasoning_text", text: "text" },
  reasoning_summary_text: { list: "summary", type: "summary_text", text: "text" },
};

/** Deltas that belong to an item: the item's type and the member that they are added to. */
const ITEM_TEXTS: Record<string, { type: string; text: string }> = {
  function_call_arguments: { type: "function_call", text: "arguments" },
  mcp_call_arguments: { type: "mcp_call", text: "arguments" },
  custom_tool_call_input: { type: "custom_tool_call", text: "input" },
  code_interpreter_call_code: { type: "code_interpreter_call", text: "code" },
};

/** Ends of a response. */
const ENDS: ReadonlySet<string> = new Set([
  "response.completed",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);

function own<T>(table: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** A streamed response put together: it has the form it would have had unstreamed. */
export class StreamedResponse {
  #head: JsonObject = {};
  #output: Json[] = [];
  readonly #items = new Map<number, JsonObject>();
  /** The first error reported outside the response. */
  error: Json | undefined;
  /** The response's end was seen. */
  terminal = false;

  /** Adds an event. */
  add(event: JsonObject): void {
    const type = asText(event.type);
    const response = asObject(event.response);
    if (response !== undefined) {
      this.#head = response;
      this.#output = asList(response.output);
      this.terminal ||= ENDS.has(type);
    } else if (type === "error" || !isEmpty(event.error)) {
      this.error ??= isEmpty(event.error) ? event : event.error;
    } else {
      this.#addPiece(event, type.replace(/^response\./, ""));
    }
  }

  #addPiece(event: JsonObject, type: string): void {
    if (typeof event.output_index !== "number") return;
    const index = event.output_index;
    const dot = type.lastIndexOf(".");
    const kind = type.slice(0, dot), step = type.slice(dot + 1);
    if (kind === "output_item") {
      this.#items.set(index, mergeDelta({}, asObject(event.item) ?? {}));
    } else if (kind === "content_part" || kind === "reasoning_summary_part") {
      const part = this.#part(event, kind === "content_part" ? "content" : "summary", "");
      Object.assign(part, asObject(event.part));
    } else if (kind === "output_text.annotation" || kind === "output_text_annotation") {
      const part = this.#part(event, "content", "output_text");
      part.annotations = [...asList(part.annotations), event.annotation ?? null];
    } else {
      this.#addText(event, kind, step);
    }
  }

  #addText(event: JsonObject, kind: string, step: string): void {
    const ofPart = own(PART_TEXTS, kind), ofItem = own(ITEM_TEXTS, kind);
    const member = ofPart?.text ?? ofItem?.text ?? kind;
    const target = ofPart
      ? this.#part(event, ofPart.list, ofPart.type)
      : this.#item(event, ofItem?.type ?? "");
    if (step === "delta" && typeof event.delta === "string") {
      target[member] = asText(target[member]) + event.delta;
    } else if (step === "done" && typeof event[member] === "string") {
      target[member] = event[member];
    }
  }

  #item(event: JsonObject, type: string): JsonObject {
    const index = Number(event.output_index);
    let item = this.#items.get(index);
    if (item === undefined) this.#items.set(index, item = type === "" ? {} : { type });
    return item;
  }

  #part(event: JsonObject, list: string, type: string): JsonObject {
    const ofReasoning = list === "summary" || type === "reasoning_text";
    const item = this.#item(event, ofReasoning ? "reasoning" : "message");
    const index = list === "summary" ? event.summary_index : event.content_index;
    const at = typeof index === "number" && index >= 0 ? index : 0;
    const parts = asList(item[list]);
    item[list] = parts;
    // Parts come in order; an index far off must not make a list of holes.
    const part = asObject(parts[at]) ?? (type === "" ? {} : { type });
    if (parts[at] === undefined) parts.push(part);
    return part;
  }

  /** The response with its items. Some servers leave the items out of the end, which says the rest. */
  get response(): JsonObject {
    const items = Array.from(this.#items).sort(([a], [b]) => a - b).map(([, item]) => item);
    return { ...this.#head, output: this.#output.length >= items.length ? this.#output : items };
  }
}
