import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { ModelStandIn } from "../stand_in.ts";
import { ProxyFixture } from "./fixture.ts";

const question = { role: "user" as const, content: "What is the weather in Paris?" };
const parameters = {
  type: "object" as const,
  properties: { city: { type: "string" as const, description: "where" } },
  required: ["city"],
};
const functionTool = {
  type: "function" as const,
  function: { name: "weather", description: "The weather", parameters },
};

/** Runs the same client code straight at the stand-in and through the proxy, and compares what it gives. */
async function same<T>(
  provider: "openai" | "anthropic" | "ollama",
  calls: number,
  ask: (origin: string) => Promise<T>,
): Promise<T> {
  await using model = await ModelStandIn.start();
  await using fixture = await ProxyFixture.start({ provider, upstream: model.origin });
  const direct = await ask(model.origin);
  const proxied = await ask(fixture.origin);
  assert.deepEqual(proxied, direct);
  assert.equal(fixture.ctx.calls.length, calls, "every call is stored before the client has its answer");
  assert.ok(fixture.ctx.calls.every(({ meta }) => meta.outcome === "complete"));
  assert.deepEqual(
    model.seen.slice(0, calls),
    model.seen.slice(calls),
    "the provider sees the same requests",
  );
  return proxied;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const openai = (origin: string) =>
  new OpenAI({ apiKey: "sk-secret", baseURL: `${origin}/v1`, maxRetries: 0 });
const anthropic = (origin: string) => new Anthropic({ apiKey: "sk-secret", baseURL: origin, maxRetries: 0 });

Deno.test("the openai client gets the same completion through the proxy", async () => {
  const completion = await same(
    "openai",
    1,
    (origin) => openai(origin).chat.completions.create({ model: "gpt-4o", messages: [question] }),
  );
  assert.match(completion.choices[0]!.message.content!, /sunny/);
});

Deno.test("the openai client gets the same stream of chunks through the proxy", async () => {
  const chunks = await same("openai", 1, async (origin) =>
    all(
      await openai(origin).chat.completions.create({
        model: "gpt-4o",
        messages: [question],
        stream: true,
        stream_options: { include_usage: true },
      }),
    ));
  assert.ok(chunks.length > 5);
});

Deno.test("the openai client calls tools through the proxy, streamed and not", async () => {
  await same("openai", 3, async (origin) => {
    const client = openai(origin);
    const first = await client.chat.completions.create({
      model: "gpt-4o",
      messages: [question],
      tools: [functionTool],
    });
    const call = first.choices[0]!.message.tool_calls![0]!;
    const second = await client.chat.completions.create({
      model: "gpt-4o",
      tools: [functionTool],
      messages: [question, first.choices[0]!.message, {
        role: "tool",
        tool_call_id: call.id,
        content: "21 °C",
      }],
    });
    const streamed = await all(
      await client.chat.completions.create({
        model: "gpt-4o",
        messages: [question],
        tools: [functionTool],
        stream: true,
      }),
    );
    return { first, second, streamed };
  });
});

Deno.test("the openai client's responses API is the same through the proxy, streamed and not", async () => {
  await same("openai", 2, async (origin) => {
    const client = openai(origin);
    const whole = await client.responses.create({ model: "gpt-4o", input: "hello" });
    const events = await all(
      await client.responses.create({ model: "gpt-4o", input: "hello", stream: true }),
    );
    return { whole, events };
  });
});

Deno.test("the anthropic client gets the same message through the proxy, streamed and not", async () => {
  await same("anthropic", 2, async (origin) => {
    const client = anthropic(origin);
    const request = { model: "claude-x", max_tokens: 64, messages: [question] };
    const whole = await client.messages.create(request);
    const events = await all(await client.messages.create({ ...request, stream: true }));
    return { whole, events };
  });
});

Deno.test("the anthropic client calls tools through the proxy, streamed and not", async () => {
  await same("anthropic", 3, async (origin) => {
    const client = anthropic(origin);
    const request = {
      model: "claude-x",
      max_tokens: 64,
      tools: [{ name: "weather", input_schema: parameters }],
    };
    const first = await client.messages.create({ ...request, messages: [question] });
    const result = { type: "tool_result" as const, tool_use_id: "toolu_1", content: "21 °C" };
    const second = await client.messages.create({
      ...request,
      messages: [question, { role: "assistant", content: first.content }, {
        role: "user",
        content: [result],
      }],
    });
    const streamed = await client.messages.stream({ ...request, messages: [question] }).finalMessage();
    return { first, second, streamed };
  });
});

Deno.test("the ollama client gets the same chat through the proxy, streamed and not, with tools", async () => {
  await same("ollama", 4, async (origin) => {
    const client = new Ollama({ host: origin });
    const request = { model: "llama3", messages: [question] };
    const whole = await client.chat({ ...request, stream: false });
    const parts = await all(await client.chat({ ...request, stream: true }));
    const tools = [functionTool];
    const called = await client.chat({ ...request, tools, stream: false });
    const calledInParts = await all(await client.chat({ ...request, tools, stream: true }));
    return { whole, parts, called, calledInParts };
  });
});
