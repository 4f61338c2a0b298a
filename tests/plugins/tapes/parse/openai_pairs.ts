import type { Block, Json } from "../../../../plugins/tapes/turn.ts";

/** A piece of a streamed message, or a whole one. */
export type Delta = { [key: string]: Json };
/** The first piece of a tool call. */
export const call = (index: number, id: string, name: string, args: string): Delta => ({
  index,
  id,
  type: "function",
  function: { name, arguments: args },
});
/** A further piece of a tool call's arguments. */
const more = (index: number, args: string): Delta => ({ index, function: { arguments: args } });
const unstreamedCall = (id: string, name: string, args: string): Delta => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

/** One answer in both its forms, and its blocks. */
export interface Pair {
  what: string;
  message: Delta;
  deltas: Delta[];
  blocks: Block[];
}

/** Answers of chat completions, unstreamed and streamed. */
export const CHAT_PAIRS: readonly Pair[] = [
  {
    what: "a text",
    message: { role: "assistant", content: "Paris.", refusal: null, annotations: [] },
    deltas: [{ role: "assistant", content: "", refusal: null }, { content: "Par" }, { content: "is." }, {
      content: null,
    }],
    blocks: [{ type: "text", text: "Paris." }],
  },
  {
    what: "an empty text",
    message: { role: "assistant", content: "" },
    deltas: [{ role: "assistant", content: "" }],
    blocks: [{ type: "text" }],
  },
  {
    what: "nothing",
    message: { role: "assistant", content: null },
    deltas: [{ role: "assistant", content: null }],
    blocks: [],
  },
  {
    what: "a text and a tool call",
    message: {
      role: "assistant",
      content: "ok",
      tool_calls: [unstreamedCall("c1", "f", '{"a": {"b": [1, null]}}')],
    },
    deltas: [
      { role: "assistant", content: "o" },
      { content: "k" },
      { tool_calls: [call(0, "c1", "f", "")] },
      { tool_calls: [more(0, '{"a": {"b"')] },
      { tool_calls: [more(0, ": [1, null]}}")] },
    ],
    blocks: [
      { type: "text", text: "ok" },
      { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_input: { a: { b: [1, null] } } },
    ],
  },
  {
    what: "parallel tool calls",
    message: {
      role: "assistant",
      content: null,
      tool_calls: [
        unstreamedCall("c1", "f", '{"x":1}'),
        unstreamedCall("c2", "f", '{"x":2}'),
        unstreamedCall("c3", "g", "{}"),
      ],
    },
    deltas: [
      { role: "assistant", content: null, tool_calls: [call(0, "c1", "f", "")] },
      { tool_calls: [more(0, '{"x"')] },
      { tool_calls: [call(1, "c2", "f", ""), more(0, ":1}")] },
      { tool_calls: [more(1, '{"x":2}'), call(2, "c3", "g", "{}")] },
    ],
    blocks: [
      { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_input: { x: 1 } },
      { type: "tool_use", tool_use_id: "c2", tool_name: "f", tool_input: { x: 2 } },
      { type: "tool_use", tool_use_id: "c3", tool_name: "g" },
    ],
  },
  {
    what: "arguments that are no object",
    message: {
      role: "assistant",
      content: null,
      tool_calls: [
        unstreamedCall("c1", "f", "[1]"),
        unstreamedCall("c2", "f", "{broken"),
        unstreamedCall("c3", "f", '{"n":1e999}'),
        unstreamedCall("c4", "f", "null"),
        unstreamedCall("c5", "f", ""),
      ],
    },
    deltas: [
      { role: "assistant", content: null },
      { tool_calls: [call(0, "c1", "f", "["), more(0, "1]")] },
      { tool_calls: [call(1, "c2", "f", "{bro"), more(1, "ken")] },
      { tool_calls: [call(2, "c3", "f", '{"n":1e'), more(2, "999}")] },
      { tool_calls: [call(3, "c4", "f", "null"), call(4, "c5", "f", "")] },
    ],
    blocks: [
      { type: "tool_use", tool_use_id: "c1", tool_name: "f", tool_arguments: "[1]" },
      { type: "tool_use", tool_use_id: "c2", tool_name: "f", tool_arguments: "{broken" },
      { type: "tool_use", tool_use_id: "c3", tool_name: "f", tool_arguments: '{"n":1e999}' },
      { type: "tool_use", tool_use_id: "c4", tool_name: "f" },
      { type: "tool_use", tool_use_id: "c5", tool_name: "f" },
    ],
  },
  {
    what: "a custom tool's call",
    message: {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "custom", custom: { name: "sql", input: "SELECT 1" } }],
    },
    deltas: [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ index: 0, id: "c1", type: "custom", custom: { name: "sql", input: "" } }],
      },
      { tool_calls: [{ index: 0, custom: { input: "SELECT" } }] },
      { tool_calls: [{ index: 0, custom: { input: " 1" } }] },
    ],
    blocks: [
      {
        type: "tool_use",
        tool_type: "custom",
        tool_use_id: "c1",
        tool_name: "sql",
        tool_arguments: "SELECT 1",
      },
    ],
  },
  {
    what: "a function call of old",
    message: { role: "assistant", content: null, function_call: { name: "f", arguments: '{"a":1}' } },
    deltas: [
      { role: "assistant", content: null, function_call: { name: "f", arguments: "" } },
      { function_call: { arguments: '{"a"' } },
      { function_call: { arguments: ":1}" } },
    ],
    blocks: [{ type: "tool_use", tool_name: "f", tool_input: { a: 1 } }],
  },
  {
    what: "thinking as reasoning_content",
    message: { role: "assistant", content: "4", reasoning_content: "2 and 2" },
    deltas: [
      { role: "assistant", content: null, reasoning_content: "2 and" },
      { content: null, reasoning_content: " 2" },
      { content: "4", reasoning_content: null },
    ],
    blocks: [{ type: "thinking", thinking: "2 and 2" }, { type: "text", text: "4" }],
  },
  {
    what: "thinking as reasoning with details",
    message: {
      role: "assistant",
      content: "4",
      reasoning: "2 and 2",
      reasoning_details: [{ type: "reasoning.text", text: "2 and 2", signature: "s", index: 0 }],
    },
    deltas: [
      {
        role: "assistant",
        content: "",
        reasoning: "2 and",
        reasoning_details: [{ type: "reasoning.text", text: "2 and", index: 0 }],
      },
      { content: "", reasoning: " 2", reasoning_details: [{ type: "reasoning.text", text: " 2", index: 0 }] },
      { content: "4", reasoning_details: [{ type: "reasoning.text", signature: "s", index: 0 }] },
    ],
    blocks: [
      {
        type: "thinking",
        thinking: "2 and 2",
        reasoning_details: [{ type: "reasoning.text", text: "2 and 2", signature: "s", index: 0 }],
      },
      { type: "text", text: "4" },
    ],
  },
  {
    what: "a refusal",
    message: { role: "assistant", content: null, refusal: "I can't." },
    deltas: [{ role: "assistant", content: null, refusal: "" }, { refusal: "I " }, { refusal: "can't." }],
    blocks: [{ type: "refusal", refusal: "I can't." }],
  },
  {
    what: "citations",
    message: {
      role: "assistant",
      content: "See.",
      annotations: [{ type: "url_citation", url_citation: { url: "u" } }],
    },
    deltas: [
      { role: "assistant", content: "See." },
      { annotations: [{ type: "url_citation", url_citation: { url: "u" } }] },
    ],
    blocks: [{
      type: "text",
      text: "See.",
      annotations: [{ type: "url_citation", url_citation: { url: "u" } }],
    }],
  },
  {
    what: "audio",
    message: {
      role: "assistant",
      content: null,
      audio: { id: "a1", data: "AAECAw==", transcript: "hello", expires_at: 5 },
    },
    deltas: [
      { role: "assistant", content: null, audio: { id: "a1", transcript: "hel" } },
      { audio: { data: "AAE=" } },
      { audio: { transcript: "lo", data: "AgM=" } },
      { audio: { expires_at: 5 } },
    ],
    blocks: [{ type: "audio", audio: { id: "a1", data: "AAECAw==", transcript: "hello", expires_at: 5 } }],
  },
  {
    what: "content in parts",
    message: {
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "2 and 2" }] },
        { type: "text", text: "4" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
      ],
    },
    deltas: [
      { role: "assistant", content: "" },
      { content: [{ type: "thinking", thinking: [{ type: "text", text: "2 and" }] }] },
      { content: [{ type: "thinking", thinking: [{ type: "text", text: " 2" }] }] },
      { content: "4" },
      { content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
    ],
    blocks: [
      { type: "thinking", thinking: [{ type: "text", text: "2 and 2" }] },
      { type: "text", text: "4" },
      { type: "image", image_url: "data:image/png;base64,AA==" },
    ],
  },
  {
    what: "what nobody here knows",
    message: {
      role: "assistant",
      content: "a",
      mood: "gay",
      marks: [{ a: 1 }, { b: 2 }],
      deep: { x: "yz", n: 2 },
    },
    deltas: [
      { role: "assistant", content: "a", mood: "g", marks: [{ a: 1 }], deep: { x: "y", n: 1 } },
      { mood: "ay", marks: [{ b: 2 }], deep: { x: "z", n: 2 } },
    ],
    blocks: [{ type: "text", text: "a" }, {
      type: "extra",
      mood: "gay",
      marks: [{ a: 1 }, { b: 2 }],
      deep: { x: "yz", n: 2 },
    }],
  },
];
