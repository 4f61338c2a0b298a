import assert from "node:assert/strict";
import { logCommand } from "../../../../plugins/tapes/commands/log.ts";
import { showCommand } from "../../../../plugins/tapes/commands/show.ts";
import type { StoredTurn } from "../../../../plugins/tapes/ledger/turns.ts";
import { assistant, callId, callOf, chat, user } from "../derive/calls.ts";
import { type Harness, openHarness } from "../derive/deriver_harness.ts";
import { assertGolden } from "./golden_text.ts";
import { runCommand } from "./command_harness.ts";

async function recorded(): Promise<Harness> {
  const harness = await openHarness();
  const opening = [{ role: "system", content: "Be brief." }, user("What is the capital of France?")];
  await harness.derive([
    chat(1, opening, "Paris.", { agent: "claude" }),
    chat(2, [user("hello from elsewhere")], "hi"),
    chat(3, [...opening, assistant("Paris."), user("And of Italy?")], ["Rome.", "It is Rome."], {
      agent: "claude",
    }),
    callOf(
      4,
      {
        model: "small",
        messages: [...opening, assistant("Paris."), user("And of Italy?"), assistant("Rome."), user("Sure?")],
      },
      { error: { message: "Overloaded" } },
      { status: 529, agent: "claude" },
    ),
  ]);
  return harness;
}

Deno.test("log lists conversations, newest first, with their figures", async () => {
  await using harness = await recorded();
  await assertGolden(
    (await runCommand(logCommand, harness, { options: { limit: "20" } })).stdout,
    "log_recorded.txt",
  );
  const { stdout } = await runCommand(logCommand, harness, { options: { limit: "20", json: true } });
  const [first, second] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(first, {
    source: "turns",
    conversation: callId(1),
    tenant: null,
    started_at: 1_763_680_001_000,
    ended_at: 1_763_680_004_500.25,
    turns: 3,
    failed: 1,
    prompt_tokens: 60,
    completion_tokens: 10,
    total_tokens: 70,
    agent: "claude",
    model: "small",
    preview: "What is the capital of France?",
  });
  assert.equal(second.conversation, callId(2));
});

Deno.test("log takes a limit and filters", async () => {
  await using harness = await recorded();
  const ids = async (options: Record<string, string>) =>
    (await runCommand(logCommand, harness, { options: { limit: "20", json: true, ...options } })).stdout
      .split("\n").filter((line) => line !== "").map((line) => JSON.parse(line).conversation);
  assert.deepEqual(await ids({ limit: "1" }), [callId(1)]);
  assert.deepEqual(await ids({ agent: "claude" }), [callId(1)]);
  assert.deepEqual(await ids({ agent: "other" }), []);
  await assert.rejects(ids({ limit: "none" }), /--limit takes a whole number/);
  const { stderr } = await runCommand(logCommand, harness, { options: { limit: "5", agent: "other" } });
  assert.match(stderr, /No conversation is of that kind/);
});

Deno.test("log counts as failed what should have nodes and has none, or was refused", async () => {
  await using harness = await openHarness();
  const models = { method: "GET", target: "/v1/models", agent: "list" };
  await harness.derive([
    callOf(1, {}, { object: "list", data: [] }, models),
    callOf(2, {}, { error: { message: "No such key" } }, { ...models, agent: "refused", status: 401 }),
  ]);
  const { stdout } = await runCommand(logCommand, harness, { options: { limit: "20", json: true } });
  const failed = stdout.trim().split("\n").map((line) => JSON.parse(line)).map((
    each,
  ) => [each.agent, each.failed]);
  assert.deepEqual(failed, [["refused", 1], ["list", 0]]);
});

Deno.test("log of an empty file says so", async () => {
  await using harness = await openHarness();
  const { stderr } = await runCommand(logCommand, harness, { options: { limit: "20" } });
  assert.equal(stderr, "No conversation is recorded yet.\n");
});

Deno.test("show finds a conversation, a turn or a node by a beginning of its id", async () => {
  await using harness = await recorded();
  const show = async (id: string, options: Record<string, boolean> = {}) =>
    (await runCommand(showCommand, harness, { args: [id], options })).stdout;
  const whole = await show(callId(1));
  await assertGolden(whole, "show_recorded.txt");
  assert.equal(await show(callId(1).slice(0, 13)), whole);
  const [turn] = harness.rows<StoredTurn>("turns").filter(({ call_id }) => call_id === callId(3));
  const head = turn?.head_hash ?? "";
  const node = JSON.parse(await show(head.slice(0, 12), { json: true }));
  assert.equal(node.kind, "node");
  assert.equal(node.id, head);
  assert.deepEqual(
    node.lines.map(({ content }: { content: { text: string }[] }) => content[0]?.text),
    ["Be brief.", "What is the capital of France?", "Paris.", "And of Italy?", "Rome."],
  );
  const call = JSON.parse(await show(callId(3), { json: true }));
  assert.deepEqual([call.kind, call.lines.length], ["turn", 6]);
  await assert.rejects(show("0000"), /several ids begin so/);
  await assert.rejects(show("nothing"), /nothing has this id/);
  await assert.rejects(show("ab"), /at least 4/);
});
