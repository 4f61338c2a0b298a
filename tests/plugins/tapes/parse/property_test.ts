import assert from "node:assert/strict";
import fc from "fast-check";
import type { Json } from "../../../../plugins/tapes/turn.ts";
import {
  answerHashes,
  blockEvents,
  callTo,
  chatAnswer,
  chatChunks,
  messageAnswer,
  messageEvents,
  ndjson,
  sse,
  turnOf,
} from "./fixture.ts";

type Item = { [key: string]: Json };

/** Any text, with lone surrogates and what JSON escapes. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", '"', "\\", "\n", "\u2028", "<", "🌍", "\ud83c", "\udf0d", "{", "data:"),
  }),
);
const someText = anyText.filter((text) => text !== "");
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const args = fc.dictionary(fc.string(), json);
/** Where to cut texts: numbers that are taken modulo what is left. */
const cuts = fc.array(fc.nat(12), { maxLength: 6 });

/** A text in pieces; they may be empty, and may split a surrogate pair. */
function pieces(text: string, at: number[]): string[] {
  const parts: string[] = [];
  let left = text;
  for (const cut of at) {
    const size = cut % (left.length + 1);
    parts.push(left.slice(0, size));
    left = left.slice(size);
  }
  return [...parts, left];
}

interface ToolCall {
  id: string;
  name: string;
  input: Item;
}
const toolCall: fc.Arbitrary<ToolCall> = fc.record({
  id: fc.stringMatching(/^[a-z]{1,8}$/),
  name: fc.stringMatching(/^[a-z_]{1,8}$/),
  input: args,
});
const toolCalls = fc.uniqueArray(toolCall, { maxLength: 3, selector: ({ id }) => id });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

Deno.test("chat completions give the same nodes however they are streamed", () => {
  const choice = fc.record({
    content: maybe(anyText),
    thinking: maybe(someText),
    refusal: maybe(someText),
    calls: toolCalls,
  });
  fc.assert(fc.property(fc.array(choice, { minLength: 1, maxLength: 2 }), cuts, (choices, at) => {
    const messages = choices.map(({ content, thinking, refusal, calls }): Item => ({
      role: "assistant",
      content: content ?? null,
      ...(thinking && { reasoning_content: thinking }),
      ...(refusal && { refusal }),
      ...(calls.length > 0 && {
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(input) },
        })),
      }),
    }));
    const chunks = choices.map(({ content, thinking, refusal, calls }, index) => {
      const deltas: Item[] = [{ role: "assistant", content: null }];
      for (const piece of thinking ? pieces(thinking, at) : []) deltas.push({ reasoning_content: piece });
      for (const piece of content === undefined ? [] : pieces(content, at)) deltas.push({ content: piece });
      for (const piece of refusal ? pieces(refusal, at) : []) deltas.push({ refusal: piece });
      calls.forEach(({ id, name, input }, call) => {
        deltas.push({
          tool_calls: [{ index: call, id, type: "function", function: { name, arguments: "" } }],
        });
        for (const piece of pieces(JSON.stringify(input), at)) {
          deltas.push({ tool_calls: [{ index: call, function: { arguments: piece } }] });
        }
      });
      return chatChunks(deltas, "stop", index);
    });
    const asked = { model: "m", messages: [] };
    const unstreamed = turnOf(callTo("/v1/chat/completions", asked, chatAnswer(messages)));
    const streamed = turnOf(callTo("/v1/chat/completions", asked, sse([...chunks.flat(), "[DONE]"])));
    assert.deepEqual(streamed.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(streamed), answerHashes(unstreamed));
  }));
});

Deno.test("Anthropic messages give the same node however they are streamed", () => {
  const block = fc.oneof(
    anyText.map((text) => ({ kind: "text" as const, text })),
    fc.tuple(someText, someText).map(([thinking, signature]) => ({
      kind: "thinking" as const,
      thinking,
      signature,
    })),
    toolCall.map((call) => ({ kind: "tool_use" as const, ...call })),
    args.map((further) => ({ kind: "odd" as const, further })),
  );
  fc.assert(fc.property(fc.array(block, { maxLength: 4 }), cuts, (blocks, at) => {
    const content: Json[] = [], events: Json[] = [];
    blocks.forEach((block, index) => {
      if (block.kind === "text") {
        content.push({ type: "text", text: block.text });
        const deltas = pieces(block.text, at).map((text) => ({ type: "text_delta", text }));
        events.push(...blockEvents(index, { type: "text", text: "" }, deltas));
      } else if (block.kind === "thinking") {
        const { thinking, signature } = block;
        content.push({ type: "thinking", thinking, signature });
        events.push(...blockEvents(index, { type: "thinking", thinking: "", signature: "" }, [
          ...pieces(thinking, at).map((thinking) => ({ type: "thinking_delta", thinking })),
          ...pieces(signature, at).map((signature) => ({ type: "signature_delta", signature })),
        ]));
      } else if (block.kind === "tool_use") {
        const { id, name, input } = block;
        content.push({ type: "tool_use", id, name, input });
        const deltas = pieces(JSON.stringify(input), at).map((partial_json) => ({
          type: "input_json_delta",
          partial_json,
        }));
        events.push(...blockEvents(index, { type: "tool_use", id, name, input: {} }, deltas));
      } else {
        const odd = { ...block.further, type: "odd" };
        content.push(odd);
        events.push(...blockEvents(index, odd, []));
      }
    });
    const asked = { model: "m", messages: [] };
    const unstreamed = turnOf(callTo("/v1/messages", asked, messageAnswer(content)));
    const streamed = turnOf(callTo("/v1/messages", asked, sse(messageEvents(events))));
    assert.deepEqual(streamed.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(streamed), answerHashes(unstreamed));
  }));
});

Deno.test("Ollama answers give the same node however they are streamed", () => {
  const answer = fc.record({
    content: anyText,
    thinking: anyText,
    calls: fc.array(toolCall, { maxLength: 3 }),
  });
  fc.assert(fc.property(answer, cuts, ({ content, thinking, calls }, at) => {
    const object = (message: Item, done: boolean): Item => ({
      model: "m",
      created_at: "t",
      message: { role: "assistant", ...message },
      done,
    });
    const tool_calls = calls.map(({ name, input }): Json => ({ function: { name, arguments: input } }));
    const objects = [
      ...pieces(thinking, at).map((thinking) => object({ content: "", thinking }, false)),
      ...pieces(content, at).map((content) => object({ content }, false)),
      ...tool_calls.map((call) => object({ content: "", tool_calls: [call] }, false)),
      object({ content: "" }, true),
    ];
    const asked = { model: "m", messages: [] };
    const unstreamed = turnOf(callTo("/api/chat", asked, object({ content, thinking, tool_calls }, true)));
    const streamed = turnOf(callTo("/api/chat", asked, ndjson(objects)));
    assert.deepEqual(streamed.answers, unstreamed.answers);
    assert.deepEqual(answerHashes(streamed), answerHashes(unstreamed));
  }));
});

Deno.test("Responses give the same node however they are streamed", () => {
  const item = fc.oneof(
    fc.array(someText, { minLength: 1, maxLength: 2 }).map((texts) => ({ kind: "message" as const, texts })),
    fc.array(someText, { maxLength: 2 }).map((texts) => ({ kind: "reasoning" as const, texts })),
    toolCall.map((call) => ({ kind: "call" as const, ...call })),
  );
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), cuts, fc.boolean(), (items, at, bareEnd) => {
      const output: Item[] = [], events: Item[] = [];
      items.forEach((item, output_index) => {
        const add = (type: string, more: Item) =>
          events.push({ type: `response.${type}`, output_index, ...more });
        if (item.kind === "call") {
          const call = {
            type: "function_call",
            call_id: item.id,
            name: item.name,
            arguments: JSON.stringify(item.input),
          };
          output.push(call);
          add("output_item.added", { item: { ...call, arguments: "" } });
          for (const delta of pieces(call.arguments, at)) add("function_call_arguments.delta", { delta });
          return;
        }
        const isMessage = item.kind === "message";
        const list = isMessage ? "content" : "summary",
          kind = isMessage ? "output_text" : "reasoning_summary_text";
        const head: Item = isMessage ? { type: "message", role: "assistant" } : { type: "reasoning" };
        const type = isMessage ? "output_text" : "summary_text";
        output.push({ ...head, [list]: item.texts.map((text) => ({ type, text })) });
        add("output_item.added", { item: { ...head, [list]: [] } });
        item.texts.forEach((text, part) => {
          for (const delta of pieces(text, at)) {
            add(`${kind}.delta`, { delta, content_index: part, summary_index: part });
          }
        });
      });
      const whole: Item = { id: "r", object: "response", status: "completed", model: "m", output };
      const asked = { model: "m", input: "x" };
      const end = { type: "response.completed", response: { ...whole, output: bareEnd ? [] : output } };
      const unstreamed = turnOf(callTo("/v1/responses", asked, whole));
      const streamed = turnOf(callTo("/v1/responses", asked, sse([...events, end])));
      assert.deepEqual(streamed.answers, unstreamed.answers);
      assert.deepEqual(answerHashes(streamed), answerHashes(unstreamed));
    }),
  );
});
