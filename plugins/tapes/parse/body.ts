import { createParser } from "eventsource-parser";
import type { Json } from "../turn.ts";
import { asObject, type JsonObject, parseJson, tryJson } from "./json.ts";

/** An answer's body taken apart: one object, or the objects of a stream in their order. */
export type Body =
  | { kind: "whole"; value: JsonObject }
  | { kind: "stream"; events: JsonObject[]; done: boolean; unparsable: string[] }
  | { kind: "unparsable"; detail: string };

/** A stream as it is collected. */
class Events {
  readonly events: JsonObject[] = [];
  readonly unparsable: string[] = [];
  done = false;

  add(text: string, type?: string): void {
    if (text === "[DONE]") {
      this.done = true;
      return;
    }
    const event = asObject(tryJson(text));
    if (event === undefined) {
      if (text.trim() !== "") this.unparsable.push(text);
    } else {
      // Some servers tell an event's kind outside its data only.
      if (type !== undefined && !("type" in event) && type === "error") event.type = type;
      this.events.push(event);
    }
  }

  get body(): Body {
    const { events, done, unparsable } = this;
    if (events.length > 0 || done) return { kind: "stream", events, done, unparsable };
    return { kind: "unparsable", detail: "it is neither JSON nor a stream of JSON" };
  }
}

function readSse(text: string): Body {
  const events = new Events();
  const parser = createParser({ onEvent: ({ data, event }) => events.add(data, event) });
  parser.feed(text);
  // What was sent last counts even where the connection ended before its blank line.
  parser.feed("\n\n");
  return events.body;
}

function readLines(text: string): Body {
  const events = new Events();
  for (const line of text.split(/\r\n|\n|\r/)) events.add(line);
  return events.body;
}

function describe(value: Json): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

/** Takes an answer's text apart, by what it looks like: Content-Type is too often wrong. */
export function readBody(text: string): Body {
  const first = /\S/.exec(text)?.[0];
  if (first === undefined) return { kind: "unparsable", detail: "it is empty" };
  if (first !== "{" && first !== "[") {
    const streamed = readSse(text);
    if (streamed.kind === "stream") return streamed;
  }
  let whole: Json;
  try {
    whole = parseJson(text);
  } catch (cause) {
    // A body over several lines, of which the first is no object, is one damaged object, no stream.
    const line = /\S[^\r\n]*/.exec(text)?.[0] ?? "";
    const lines = first === "{" && asObject(tryJson(line)) ? readLines(text) : undefined;
    if (lines?.kind === "stream") return lines;
    return { kind: "unparsable", detail: cause instanceof Error ? cause.message : String(cause) };
  }
  const value = asObject(whole);
  if (value !== undefined) return { kind: "whole", value };
  return { kind: "unparsable", detail: `it is ${describe(whole)}, not an object` };
}
