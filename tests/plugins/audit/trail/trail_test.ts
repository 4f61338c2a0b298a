import assert from "node:assert/strict";
import { openTestAgent } from "capstan/testing";
import audit from "../../../../plugins/audit/mod.ts";
import { openedRecords } from "../opened.ts";
import { assertChained } from "./chained.ts";

const TURN = {
  schema: "tapes.turn.v1",
  id: "0198f2a0-0000-7000-8000-000000000001",
  revision: 1,
  conversation: "c-1",
  tenant: "acme",
  user: "ada",
  agent: "research",
  provider: "openai",
  model: "gpt-4o",
  answer_model: "gpt-4o-2024",
  status: 200,
  outcome: "complete",
  started_at: "2026-01-02T03:04:05.006000000Z",
  ended_at: "2026-01-02T03:04:06.006000000Z",
  messages: [{ hash: "a".repeat(64), role: "user", content: [{ type: "text", text: "What is 2+2?" }] }],
  answers: [{
    hash: "b".repeat(64),
    role: "assistant",
    content: [
      { type: "thinking", text: "hm" },
      { type: "text", text: "Four." },
      { type: "tool_use", tool_name: "add", tool_input: { a: 2, b: 2 } },
    ],
  }],
};

Deno.test("every turn becomes one record: facts in the clear, what was said under the subject's key", async () => {
  await using agent = await openTestAgent(audit);
  const refused = {
    ...TURN,
    id: "0198f2a0-0000-7000-8000-000000000002",
    user: undefined,
    api_key_fingerprint: "0123456789abcdef",
    status: 429,
    reason: "status",
    answers: undefined,
  };
  const cut = {
    ...TURN,
    id: "0198f2a0-0000-7000-8000-000000000003",
    user: undefined,
    outcome: "upstream-cut",
  };
  await agent.deliver("tapes.turns.v1", [{ value: TURN }, { value: refused }, { value: cut }]);
  const records = await openedRecords(agent);
  assert.deepEqual(
    records.map(({ record }) => [record.kind, record.tenant, record.facts.outcome]),
    [
      ["turn", "acme", "complete"],
      ["turn", "acme", "complete"],
      ["turn", "acme", "upstream-cut"],
    ],
  );
  const [whole, keyed, nobody] = records;
  assert.deepEqual(whole?.content, {
    user_id: "ada",
    model: "gpt-4o-2024",
    prompt: "What is 2+2?",
    response: "Four.",
    request_id: TURN.id,
    timestamp_utc: TURN.started_at,
    request_hash: "a".repeat(64),
    answer_hashes: ["b".repeat(64)],
    tool_calls: [{ name: "add", arguments: { a: 2, b: 2 } }],
  });
  assert.equal(keyed?.record.facts.status, 429);
  assert.equal(keyed?.content?.user_id, "key:0123456789abcdef");
  assert.match(keyed?.record.subject ?? "", /^[0-9a-f]{32}$/);
  assert.notEqual(keyed?.record.subject, whole?.record.subject);
  assert.equal(nobody?.record.subject, undefined);
  assert.ok(nobody?.content);
  assertChained(agent, 3);
});

Deno.test("a turn that comes again makes no second record, another revision of it does", async () => {
  await using agent = await openTestAgent(audit);
  await agent.deliver("tapes.turns.v1", [{ value: TURN }]);
  await agent.deliver("tapes.turns.v1", [{ value: TURN }, { value: { ...TURN, revision: 2 } }]);
  await agent.faults.redeliver("tapes.turns.v1");
  await agent.restart();
  await agent.settled();
  const records = await openedRecords(agent);
  assert.deepEqual(records.map(({ record }) => record.facts.revision), [1, 2]);
  assertChained(agent, 2);
});

Deno.test("a turn of an unknown shape is recorded as one that could not be read", async () => {
  await using agent = await openTestAgent(audit);
  await agent.deliver("tapes.turns.v1", [
    { value: { ...TURN, messages: "none" } },
    { value: [] },
    { value: { ...TURN, id: "t-2", model: "\ud800" } },
  ]);
  const [unreadable, nothing, odd] = await openedRecords(agent);
  assert.equal(unreadable?.record.facts.outcome, "unreadable");
  assert.equal(unreadable?.record.facts.turn, TURN.id);
  assert.equal(nothing?.record.kind, "turn");
  assert.equal(odd?.record.facts.model, "\ufffd");
  assertChained(agent, 3);
});

Deno.test("with turns = false no turn becomes a record", async () => {
  await using agent = await openTestAgent(audit, { config: { turns: false } });
  await assert.rejects(agent.deliver("tapes.turns.v1", [{ value: TURN }]), /no stream reads it/);
});

Deno.test("every record says which version of the rules held", async () => {
  await using agent = await openTestAgent(audit, { config: { policy_version: "2026-01" } });
  await agent.deliver("tapes.turns.v1", [{ value: TURN }]);
  await agent.request("POST", "/v1/audit", { user_id: "ada", model: "m", prompt: "p", response: "r" });
  await agent.settled();
  const records = await openedRecords(agent);
  assert.deepEqual(records.map(({ record }) => record.facts.policy_version), ["2026-01", "2026-01"]);
});
