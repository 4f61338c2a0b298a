import assert from "node:assert/strict";
import { importFile } from "../../../../plugins/tapes/commands/import.ts";
import { logCommand } from "../../../../plugins/tapes/commands/log.ts";
import { showCommand } from "../../../../plugins/tapes/commands/show.ts";
import { bucketOf, nodeHash } from "../../../../plugins/tapes/hash.ts";
import type { ConversationSummary } from "../../../../plugins/tapes/ledger/conversations.ts";
import { foreignLeavesSql } from "../../../../plugins/tapes/ledger/foreign_nodes.ts";
import { assistant, callId, chat, user } from "../derive/calls.ts";
import { type Harness, openHarness } from "../derive/deriver_harness.ts";
import { goldenCall, goldenCase, type GoldenNode } from "../golden.ts";
import { writeTapesFile } from "../tapes_file.ts";
import { commandCall, runCommand } from "./command_harness.ts";
import { assertGolden } from "./golden_text.ts";

/** One thing said: role, text, and what else of the node is not as usual. */
type Saying = [role: string, text: string, changes?: Partial<GoldenNode>];

/** A path of nodes as tapes writes it, one a second from `start` on. */
function path(start: string, sayings: readonly Saying[]): GoldenNode[] {
  let parent: string | null = null;
  return sayings.map(([role, text, changes = {}], at) => {
    const { model = "small", agent_name = null } = changes;
    const content = [{ type: "text", text }];
    const speaker = { model, provider: "openai", agentName: agent_name ?? undefined };
    const bucket = bucketOf({ role, content }, speaker);
    const node: GoldenNode = {
      hash: nodeHash(bucket, parent),
      bucket: JSON.stringify(bucket),
      type: "message",
      role,
      content: JSON.stringify(content),
      model,
      provider: "openai",
      agent_name,
      stop_reason: "",
      prompt_tokens: null,
      completion_tokens: null,
      total_tokens: null,
      cache_creation_input_tokens: null,
      cache_read_input_tokens: null,
      total_duration_ns: null,
      prompt_duration_ns: null,
      project: null,
      created_at: `${start}:${String(at).padStart(2, "0")}.5+00:00`,
      parent_hash: parent,
      ...changes,
    };
    parent = node.hash;
    return node;
  });
}

const used = { prompt_tokens: 1_000, completion_tokens: 200, total_tokens: 1_200 };
const OLD = path("2025-11-20 08:00", [["user", "An old question"], ["assistant", "An old answer", used]]);
const NEW = path("2026-01-02 03:04", [
  ["system", "Be brief.", { agent_name: "codex" }],
  ["user", "A new\nquestion", { agent_name: "codex" }],
  ["assistant", "An answer", { ...used, agent_name: "codex", model: "large", project: "zoo" }],
  ["user", "Another", { agent_name: "codex" }],
  ["assistant", "Yes.", { ...used, agent_name: "codex", model: "large", project: "zoo" }],
]);

async function withTapes(
  nodes: readonly GoldenNode[],
  work: (harness: Harness) => Promise<void>,
  how: "import" | "in place" = "import",
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-log-" });
  try {
    const file = `${folder}/tapes.sqlite`;
    await writeTapesFile(file, nodes);
    await using harness = await openHarness(how === "in place" ? { file } : {});
    if (how === "import") await importFile(commandCall(harness), file);
    await work(harness);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function listed(
  harness: Harness,
  options: Record<string, string> = {},
): Promise<ConversationSummary[]> {
  const { stdout } = await runCommand(logCommand, harness, {
    options: { limit: "20", json: true, ...options },
  });
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

const ids = async (...given: Parameters<typeof listed>) =>
  (await listed(...given)).map(({ conversation }) => conversation);
const head = (nodes: readonly GoldenNode[]) => nodes.at(-1)?.hash ?? assert.fail();

for (const how of ["import", "in place"] as const) {
  Deno.test(`log lists tapes' conversations between the recorded ones, newest first, and marks them (${how})`, () =>
    withTapes([...NEW, ...OLD], async (harness) => {
      await harness.derive([chat(1, [user("recorded")], "yes", { agent: "claude" })]);
      const { stdout } = await runCommand(logCommand, harness, { options: { limit: "20" } });
      await assertGolden(stdout, "log_tapes.txt");
      const [first, second, third, ...more] = await listed(harness);
      assert.deepEqual(first, {
        source: "tapes",
        conversation: head(NEW),
        tenant: null,
        started_at: Date.parse("2026-01-02T03:04:00.5Z"),
        ended_at: Date.parse("2026-01-02T03:04:04.5Z"),
        agent: "codex",
        model: "large",
        turns: 0,
        failed: 0,
        prompt_tokens: 2_000,
        completion_tokens: 400,
        total_tokens: 2_400,
        preview: "A new question",
      });
      assert.deepEqual([second?.conversation, third?.conversation], [callId(1), head(OLD)]);
      assert.deepEqual(more, []);
      const shown = await runCommand(showCommand, harness, { args: [head(NEW).slice(0, 16)] });
      assert.match(shown.stdout, /A new\s+question[\s\S]*Yes\./);
    }, how));
}

Deno.test("log takes the limit and the filters for tapes' conversations, too", () =>
  withTapes([...OLD, ...NEW], async (harness) => {
    await harness.derive([chat(1, [user("recorded")], "yes", { agent: "claude" })]);
    assert.deepEqual(await ids(harness, { limit: "1" }), [head(NEW)]);
    assert.deepEqual(await ids(harness, { limit: "2" }), [head(NEW), callId(1)]);
    for (const [name, value] of [["agent", "codex"], ["model", "large"], ["project", "zoo"]] as const) {
      assert.deepEqual(await ids(harness, { [name]: value }), [head(NEW)], name);
    }
    assert.deepEqual(await ids(harness, { agent: "claude" }), [callId(1)]);
    for (const name of ["tenant", "user"]) assert.deepEqual(await ids(harness, { [name]: "x" }), []);
  }));

Deno.test("a conversation of tapes' that goes on through the proxy is listed once, as recorded", () =>
  withTapes(OLD, async (harness) => {
    const more = [user("An old question"), assistant("An old answer"), user("And then?")];
    await harness.derive([chat(1, more, "Then this.", { provider: "openai" })]);
    assert.deepEqual(await ids(harness), [callId(1)]);
  }));

Deno.test("a call whose nodes tapes had written already is listed as recorded alone", async () => {
  const golden = goldenCase("03");
  await withTapes(golden.nodes, async (harness) => {
    assert.equal((await listed(harness)).every(({ source }) => source === "tapes"), true);
    for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
    assert.deepEqual((await listed(harness)).map(({ source }) => source), ["turns"]);
  });
});

Deno.test("an answer that went on under the model's alias is no conversation of its own", async () => {
  const begin: Saying = ["user", "Who are you?"];
  const first = path("2026-01-02 03:04", [begin, ["assistant", "A model.", { model: "small-2026" }]]);
  const second = path("2026-01-02 03:05", [
    begin,
    ["assistant", "A model."],
    ["user", "Really?"],
    ["assistant", "Yes.", { model: "small-2026" }],
  ]);
  const third = path("2026-01-02 03:06", [
    begin,
    ["assistant", "A model."],
    ["user", "Really?"],
    ["assistant", "Yes."],
    ["user", "Sure?"],
    ["assistant", "No.", { model: "small-2026" }],
  ]);
  const other = path("2026-01-02 03:03", [begin, ["assistant", "Guess.", { model: "small-2026" }]]);
  const nodes = new Map([...other, ...first, ...second, ...third].map((node) => [node.hash, node]));
  await withTapes([...nodes.values()], async (harness) => {
    assert.deepEqual(await ids(harness), [head(third), head(other)]);
  });
});

Deno.test("what tapes writes beside us is listed, and what the deriver writes never enters that index", async () => {
  await using harness = await openHarness();
  await harness.derive([chat(1, [user("recorded")], "yes")]);
  const indexed = () =>
    harness.store.read((db) =>
      db.get<{ n: number }>("SELECT count(*) AS n FROM tapes_tree WHERE at IS NOT NULL")
    );
  assert.equal(indexed()?.n, 0);
  await harness.store.write((tx) => {
    for (const { hash, parent_hash, role, content, created_at } of NEW) {
      tx.run(
        "INSERT INTO nodes (hash, parent_hash, role, content, created_at) VALUES (?, ?, ?, ?, ?)",
        hash,
        parent_hash,
        role,
        content,
        created_at,
      );
    }
  });
  assert.deepEqual(await ids(harness), [head(NEW), callId(1)]);
  await harness.derive([chat(2, [user("again")], "yes")]);
  assert.equal(indexed()?.n, NEW.length);
});

Deno.test("log finds tapes' newest conversations by an index, whatever the file holds", async () => {
  await using harness = await openHarness();
  const plan = harness.store.read((db) =>
    db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${foreignLeavesSql("")}`).map(({ detail }) => detail)
  );
  assert.deepEqual(plan, [
    "SEARCH t USING COVERING INDEX tapes_tree_foreign (at>?)",
    "SEARCH n USING INTEGER PRIMARY KEY (rowid=?)",
  ]);
});
