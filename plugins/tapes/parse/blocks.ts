import type { Block, Json } from "../turn.ts";
import { asObject, exactJson, isEmpty, type JsonObject } from "./json.ts";

/** What tapes' fields hold: a text, an object, or a truth value. A field of ours never stands under their names. */
const TAPES_FIELDS: ReadonlySet<string> = new Set([
  "type",
  "text",
  "image_url",
  "image_base64",
  "media_type",
  "tool_use_id",
  "tool_name",
  "tool_input",
  "tool_result_id",
  "tool_output",
  "is_error",
]);

/** Where to put breakpoints of a cache is no part of what is said, and moves from turn to turn. */
const HINTS: ReadonlySet<string> = new Set(["cache_control"]);

/** Which members of a source become further fields of a block. */
export interface FurtherOptions {
  /** Members that stand in tapes' own fields already. */
  without?: readonly string[];
  /** Keep null, "", [] and {} too: for blocks of a type nobody here knows. */
  verbatim?: boolean;
}

/**
 * Adds to a block what its source says beyond tapes' fields, under the source's own names; a name that is tapes' goes
 * into `fields`.
 */
export function addFurther(
  block: Block,
  source: JsonObject,
  { without = [], verbatim = false }: FurtherOptions = {},
): Block {
  let clashes: [string, Json][] | undefined;
  let further: [string, Json][] | undefined;
  for (const key in source) {
    const value = source[key];
    if (key === "type" || value === undefined || without.includes(key) || HINTS.has(key)) continue;
    if (!verbatim && isEmpty(value)) continue;
    if (TAPES_FIELDS.has(key) || key === "fields") (clashes ??= []).push([key, value]);
    else (further ??= []).push([key, value]);
  }
  if (clashes) (further ??= []).push(["fields", Object.fromEntries(clashes)]);
  // Spreading defines members where assigning would run setters (`__proto__`).
  return further ? { ...block, ...Object.fromEntries(further) } : block;
}

/** A text, as tapes has it: without `text` where it is empty. */
export function textBlock(text: string): Block {
  return text === "" ? { type: "text" } : { type: "text", text };
}

/** A tool call. `input` is an object, JSON text of one, or anything else, which is kept verbatim in `tool_arguments`. */
export function toolUseBlock(id: string, name: string, input: Json | undefined, type = "tool_use"): Block {
  const block: Block = { type };
  if (id !== "") block.tool_use_id = id;
  if (name !== "") block.tool_name = name;
  const parsed = typeof input === "string" ? parseArguments(input) : input;
  const object = asObject(parsed);
  if (object === undefined) {
    if (!isEmpty(parsed)) block.tool_arguments = input;
  } else if (!isEmpty(object)) {
    block.tool_input = object;
  }
  return block;
}

/** The arguments' object; `null` where they are "null"; the text itself where it is anything else. */
function parseArguments(text: string): Json {
  const value = exactJson(text);
  return value === null ? null : asObject(value) ?? text;
}

/**
 * A tool's result from a text or a list of parts. The texts of parts are its output; the parts themselves are kept in
 * `parts` unless they are one plain text.
 */
export function toolResultBlock(id: string, output: Json | undefined, type = "tool_result"): Block {
  const block: Block = { type };
  if (id !== "") block.tool_result_id = id;
  if (typeof output === "string") {
    if (output !== "") block.tool_output = output;
  } else if (Array.isArray(output)) {
    const texts = output.map(plainText);
    const text = texts.filter((part) => part !== undefined && part !== "").join("\n");
    if (text !== "") block.tool_output = text;
    const plain = output.length === 1 && isPlain(output[0]);
    if (output.length > 0 && !plain) block.parts = output.map(withoutHints);
  } else if (!isEmpty(output)) {
    block.output = output;
  }
  return block;
}

function plainText(part: Json): string | undefined {
  if (typeof part === "string") return part;
  const text = asObject(part)?.text;
  return typeof text === "string" ? text : undefined;
}

function isPlain(part: Json | undefined): boolean {
  const object = asObject(part);
  if (object === undefined) return typeof part === "string";
  return typeof object.text === "string" &&
    Object.keys(object).every((key) =>
      key === "type" || key === "text" || HINTS.has(key) || isEmpty(object[key])
    );
}

function withoutHints(part: Json): Json {
  const object = asObject(part);
  if (object === undefined || !Object.keys(object).some((key) => HINTS.has(key))) return part;
  return Object.fromEntries(Object.entries(object).filter(([key]) => !HINTS.has(key)));
}

/** What stands in a message or a list of parts where nothing of its kind is known: a text, or the value itself. */
export function strangeBlock(value: Json): Block {
  return typeof value === "string" ? textBlock(value) : { type: "", value };
}
