import { readJson } from "capstan/json";
import type { Json } from "../turn.ts";

/** What a request to the echo says, whatever API it speaks. */
export interface Question {
  model: string;
  /** The text of the last message. */
  text: string;
  /** As the request has it; absent where it says nothing. */
  stream?: boolean;
  /** Chat completions: a last chunk with the usage is wanted. */
  includeUsage: boolean;
  /** A rough count of the words asked and answered. */
  inputTokens: number;
}

type JsonObject = { [key: string]: Json };

/** Reads a request's body. @throws {Error} it is not JSON, or not an object. */
export function readQuestion(body: string): Question {
  let request: Json;
  try {
    request = readJson(body);
  } catch (cause) {
    throw new Error("Cannot read the request: its body is not JSON; send a JSON object", { cause });
  }
  if (!isObject(request)) throw new Error("Cannot read the request: its body is not a JSON object; send one");
  const text = lastText(request);
  const options = request.stream_options;
  return {
    model: typeof request.model === "string" && request.model ? request.model : "echo",
    text,
    stream: typeof request.stream === "boolean" ? request.stream : undefined,
    includeUsage: isObject(options) && options.include_usage === true,
    inputTokens: words(text),
  };
}

/** The echo's answer: what was said, labelled so that nobody takes it for a model's. */
export function echoOf(question: Question): string {
  return `echo: ${question.text}; no model was called`;
}

/** Counts words. */
export function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}

/** A text in pieces, as a model would stream it. */
export function pieces(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text];
}

function lastText(request: JsonObject): string {
  const said = request.messages ?? request.input ?? request.prompt ?? "";
  const last = Array.isArray(said) ? said.at(-1) ?? "" : said;
  return textOf(isObject(last) ? last.content ?? "" : last);
}

function textOf(content: Json): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => isObject(part) && typeof part.text === "string" ? part.text : "").join("");
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
