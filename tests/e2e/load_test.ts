import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { writeConfig } from "./config.ts";
import { assertNodeEvents, recordsOf, textsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { ledgerOf } from "./ledger.ts";
import { haveTurns } from "./turns.ts";

/** Fails unless each of `texts` has its row in the ledger, its two nodes and their events, and nothing is there twice. */
async function assertStored(
  dir: string,
  texts: readonly string[],
  options: { file?: string } = {},
): Promise<void> {
  const nodes = await recordsOf("tapes.nodes.v1", {
    dir,
    args: options.file === undefined ? [] : ["--sqlite", options.file],
  });
  assertNodeEvents(nodes);
  const users = new Set(textsOf(nodes, "user"));
  const answers = new Set(textsOf(nodes, "assistant"));
  const missing = texts.filter((text) => !users.has(text) || !answers.has(`echo: ${text}`));
  assert.deepEqual(missing, [], "turns without their events");
}

Deno.test("2,000 turns at concurrency 64: each has its row and its events, once, parents first", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin });
  await using agent = await startAgent({ dir: dir.path });
  const turns = await haveTurns({ origin: agent.proxy, name: "turn", count: 2000, concurrency: 64 });
  assert.deepEqual(turns.failed, []);
  assert.equal(await agent.stop(), 0, agent.said());
  await assertStored(dir.path, turns.answered);
  const ledger = await ledgerOf(`${dir.path}/capstan.sqlite`);
  assert.equal(ledger.turns, 2000);
  assert.equal(ledger.nodes, 4000);
  assert.equal((await recordsOf("tapes.turns.v1", { dir: dir.path })).length, 2000);
});

Deno.test("kill -9 in the middle of 2,000 turns loses no turn that was answered whole", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin });
  await using first = await startAgent({ dir: dir.path });
  let killed: Promise<void> | undefined;
  const turns = await haveTurns({
    origin: first.proxy,
    name: "turn",
    count: 2000,
    concurrency: 64,
    onAnswered: (answered) => {
      if (answered === 700) killed = first.kill();
    },
  });
  await killed;
  assert.ok(
    turns.answered.length >= 700 && turns.answered.length < 2000,
    `${turns.answered.length} answered`,
  );
  await using second = await startAgent({ dir: dir.path });
  assert.equal(await second.stop(), 0, second.said());
  await assertStored(dir.path, turns.answered);
  const ledger = await ledgerOf(`${dir.path}/capstan.sqlite`);
  assert.ok(ledger.turns >= turns.answered.length && ledger.turns <= upstream.received());
});

Deno.test("SIGTERM right after 200 turns leaves 200 turns, derived", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin });
  await using agent = await startAgent({ dir: dir.path });
  const turns = await haveTurns({ origin: agent.proxy, name: "turn", count: 200, concurrency: 64 });
  assert.equal(await agent.stop("SIGTERM"), 0, agent.said());
  assert.deepEqual(turns.failed, []);
  await assertStored(dir.path, turns.answered);
  assert.equal((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns, 200);
});

Deno.test("SIGTERM in the middle of turns finishes those under way", async () => {
  await using dir = await tempDir();
  await using upstream = await startStandIn();
  await writeConfig(dir.path, { upstream: upstream.origin });
  await using agent = await startAgent({ dir: dir.path });
  let stopping: Promise<number> | undefined;
  const turns = await haveTurns({
    origin: agent.proxy,
    name: "turn",
    count: 600,
    concurrency: 32,
    onAnswered: (answered) => {
      if (answered === 200) stopping = agent.stop();
    },
  });
  assert.equal(await stopping, 0, agent.said());
  await assertStored(dir.path, turns.answered);
  assert.equal((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns, upstream.received());
});

Deno.test("two agents on one file: each turn once, from both", async () => {
  await using one = await tempDir();
  await using other = await tempDir();
  await using upstream = await startStandIn();
  const file = `${one.path}/shared.sqlite`;
  for (const dir of [one, other]) await writeConfig(dir.path, { upstream: upstream.origin });
  await using first = await startAgent({ dir: one.path, args: ["run", "--sqlite", file] });
  await using second = await startAgent({ dir: other.path, args: ["run", "--sqlite", file] });
  const [left, right] = await Promise.all([
    haveTurns({ origin: first.proxy, name: "left", count: 500, concurrency: 32 }),
    haveTurns({ origin: second.proxy, name: "right", count: 500, concurrency: 32 }),
  ]);
  assert.deepEqual([...left.failed, ...right.failed], []);
  assert.equal(await first.stop(), 0, first.said());
  assert.equal(await second.stop(), 0, second.said());
  await assertStored(one.path, [...left.answered, ...right.answered], { file });
  const ledger = await ledgerOf(file);
  assert.equal(ledger.turns, 1000);
  assert.equal(ledger.nodes, 2000);
});
