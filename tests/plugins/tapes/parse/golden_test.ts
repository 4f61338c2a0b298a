import assert from "node:assert/strict";
import { nodeEvent } from "../../../../plugins/tapes/derive/node_event.ts";
import { storeBucket } from "../../../../plugins/tapes/derive/stored_message.ts";
import { type Bucket, bucketOf, nodeHash } from "../../../../plugins/tapes/hash.ts";
import { parseCall } from "../../../../plugins/tapes/parse/call.ts";
import type { Usage } from "../../../../plugins/tapes/turn.ts";
import { goldenCall, type GoldenCase, goldenCase, goldenCases } from "../golden.ts";
import { turnOf } from "./fixture.ts";

interface Node {
  hash: string;
  parent: string | null;
  bucket: Bucket;
  stopReason: string;
  usage?: Usage;
}

/** The nodes of a case, each once, parents first. */
function nodesOf(golden: GoldenCase): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const step of golden.steps) {
    const { meta, ...bodies } = goldenCall(golden, step);
    const { request, answers, usage } = turnOf({ meta, ...bodies });
    let parent: string | null = null;
    const add = (bucket: Bucket, stopReason = "", ofAnswer?: Usage) => {
      const hash = nodeHash(bucket, parent);
      if (!nodes.has(hash)) {
        nodes.set(hash, { hash, parent, bucket, stopReason, ...(ofAnswer && { usage: ofAnswer }) });
      }
      return hash;
    };
    const speaker = { provider: meta.provider, agentName: meta.agent };
    for (const message of request.messages) {
      parent = add(bucketOf(message, { ...speaker, model: request.model }));
    }
    for (const { message, model, stop_reason } of answers) {
      add(bucketOf(message, { ...speaker, model }), stop_reason, usage);
    }
  }
  return nodes;
}

/** What tapes loses of streams beside content (COMPAT): we say it. */
const MORE_THAN_TAPES: Record<string, { stopReason?: string; usage?: Usage }> = {
  "06-openai-stream-text-usage": { stopReason: "stop", usage: { cache_read_input_tokens: 8 } },
  "54-ollama-stream-default": { usage: { total_duration_ns: 4883583458, prompt_duration_ns: 342546000 } },
};

const COUNTS = [
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
] as const;

function countsOf(usage: Usage): Usage {
  return Object.fromEntries(COUNTS.flatMap((key) => (usage[key] ? [[key, usage[key]]] : [])));
}

for (const golden of goldenCases().filter(({ exact }) => exact)) {
  Deno.test(`parseCall() gives exactly the nodes of tapes: ${golden.id}`, () => {
    const nodes = nodesOf(golden);
    assert.deepEqual([...nodes.keys()].sort(), golden.nodes.map(({ hash }) => hash).sort());
    for (const row of golden.nodes) {
      const node = nodes.get(row.hash);
      assert.ok(node);
      const more = node.bucket.role === "assistant" && node.usage ? MORE_THAN_TAPES[golden.id] ?? {} : {};
      const stored = storeBucket(node.bucket);
      assert.equal(stored.bucket, row.bucket);
      assert.equal(stored.content, row.content);
      assert.equal(node.parent, row.parent_hash);
      assert.equal(node.bucket.role, row.role);
      assert.equal(node.bucket.model, row.model);
      assert.equal(node.bucket.agent_name ?? null, row.agent_name);
      assert.equal(node.stopReason, more.stopReason ?? row.stop_reason);
      const recorded = Object.fromEntries(
        COUNTS.flatMap((key) => (row[key] === null ? [] : [[key, row[key]]])),
      );
      assert.deepEqual(countsOf(node.usage ?? {}), { ...recorded, ...more.usage });
    }
  });

  Deno.test(`parseCall() gives exactly the events of tapes: ${golden.id}`, () => {
    const nodes = nodesOf(golden);
    for (const { key, value } of golden.events) {
      const recorded = JSON.parse(value);
      const node = nodes.get(recorded.node.hash);
      assert.ok(node);
      const known = { ...node, stopReason: recorded.node.stop_reason ?? null, usage: recorded.node.usage };
      const event = nodeEvent({
        ...known,
        root: key,
        occurredAt: recorded.occurred_at,
        bucket: storeBucket(node.bucket).eventBucket,
        project: recorded.node.project,
      });
      assert.equal(new TextDecoder().decode(event.value as Uint8Array), value);
    }
  });
}

/** The turn of a case's first step. */
function firstTurn(number: string) {
  const golden = goldenCase(number);
  const [step] = golden.steps;
  assert.ok(step);
  return turnOf(goldenCall(golden, step));
}

Deno.test("parseCall() keeps a tool's output given in parts (09)", () => {
  const { request, answers } = firstTurn("09");
  assert.deepEqual(request.messages, [
    { role: "user", content: [{ type: "text", text: "Weather in Paris?" }] },
    {
      role: "assistant",
      content: [{
        type: "tool_use",
        tool_use_id: "call_FIXED1",
        tool_name: "get_weather",
        tool_input: { city: "Paris" },
      }],
    },
    {
      role: "tool",
      content: [{ type: "tool_result", tool_result_id: "call_FIXED1", tool_output: '{"temp": 21.5}' }],
    },
    {
      role: "tool",
      content: [{ type: "tool_result", tool_result_id: "call_FIXED2", tool_output: "as parts: lost" }],
    },
  ]);
  assert.deepEqual(answers.map(({ message }) => message.content), [[{ type: "text", text: "21.5 °C." }]]);
  assert.equal(request.tools?.length, 1);
});

Deno.test("parseCall() keeps a tool call of a stream (10)", () => {
  const { answers, terminal } = firstTurn("10");
  assert.equal(terminal, true);
  assert.deepEqual(answers, [{
    model: "gpt-4o-mini-2024-07-18",
    message: {
      role: "assistant",
      content: [{
        type: "tool_use",
        tool_use_id: "call_FIXED1",
        tool_name: "get_weather",
        tool_input: { city: "Paris" },
      }],
    },
    stop_reason: "tool_calls",
  }]);
});

Deno.test("parseCall() keeps Anthropic's tool results, their ids and their failure (41)", () => {
  const { request } = firstTurn("41");
  assert.deepEqual(request.messages[2], {
    role: "user",
    content: [
      { type: "tool_result", tool_result_id: "toolu_FIXED1", tool_output: "21 degrees" },
      { type: "tool_result", tool_result_id: "toolu_FIXED2", tool_output: "failed", is_error: true },
      { type: "text", text: "go on" },
    ],
  });
});

Deno.test("parseCall() keeps thinking, signatures and redacted thinking (44)", () => {
  const { request, answers } = firstTurn("44");
  assert.deepEqual(request.messages[1]?.content, [
    { type: "thinking", thinking: "earlier", signature: "SIG0" },
    { type: "redacted_thinking", data: "ENC" },
    { type: "text", text: "4" },
  ]);
  assert.deepEqual(answers[0]?.message.content, [
    { type: "thinking", thinking: "Let me add.", signature: "SIGxyz==" },
    { type: "redacted_thinking", data: "ENC2" },
    { type: "text", text: "Yes." },
  ]);
  assert.deepEqual(request.parameters, {
    max_tokens: 1024,
    thinking: { type: "enabled", budget_tokens: 1024 },
  });
});

Deno.test("parseCall() reads options of any type (60)", () => {
  const { request, answers, usage } = firstTurn("60");
  assert.deepEqual(request, {
    model: "llama3.2",
    messages: [{ role: "user", content: [{ type: "text", text: "why is the sky blue?" }] }],
    parameters: { format: { type: "object" }, keep_alive: 300 },
    stream: false,
  });
  assert.deepEqual(answers[0]?.message.content, [{ type: "text", text: "{}" }]);
  assert.equal(usage?.total_duration_ns, 4883583458);
});

Deno.test("parseCall() keeps the system prompt and the user beside the chain (37)", () => {
  const { request } = firstTurn("37");
  assert.equal(request.system, "You are terse.");
  assert.equal(request.user, "u");
  assert.deepEqual(request.parameters, {
    max_tokens: 1024,
    temperature: 1,
    top_k: 5,
    stop_sequences: ["X"],
    metadata: { user_id: "u" },
  });
});

Deno.test("parseCall() needs neither path nor Content-Type where the bodies speak for themselves", () => {
  for (const golden of goldenCases()) {
    for (const step of golden.steps) {
      const usual = parseCall(goldenCall(golden, step));
      const bare = {
        target: "/x",
        request_headers: {},
        response_headers: {},
        provider_type: "ollama" as const,
      };
      assert.deepEqual(parseCall(goldenCall(golden, step, bare)), usual, golden.id);
    }
  }
});
