import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { eraseFromTapes } from "../../../../plugins/tapes/erase/erase.ts";
import { nodeHash } from "../../../../plugins/tapes/hash.ts";
import { CALLS_TOPIC, encodeCall } from "../../../../plugins/tapes/call.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import { assistant, chat, type ChatMessage, respond, user } from "../derive/calls.ts";
import { type Harness, openHarness } from "../derive/deriver_harness.ts";
import { erase } from "./erase_harness.ts";

interface NodeRow {
  hash: string;
  parent_hash: string | null;
  bucket: string;
}

interface Step {
  who: number;
  /** Turn whose dialogue it goes on with; behind the last of them: a new one. */
  base: number;
  say: number;
  answers: number;
  system: number;
}

const PEOPLE = [
  { tenant: undefined, user: "ann" },
  { tenant: "default", user: "ann" },
  { tenant: "acme", user: "ann" },
  { tenant: undefined, user: "bea" },
  { tenant: undefined, user: undefined },
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(PEOPLE.length - 1),
  base: fc.nat(9),
  say: fc.nat(3),
  answers: fc.integer({ min: 1, max: 2 }),
  system: fc.nat(2),
});

const word = (kind: string, number: number) => `${kind}-${number}-${"q".repeat(7)}`;

function callsOf(steps: readonly Step[]) {
  const dialogues: ChatMessage[][] = [];
  return steps.map(({ who, base, say, answers, system }, at) => {
    const before = dialogues[base] ?? [{ role: "system", content: word("system", system) }];
    const asked = [...before, user(word("said", say))];
    const said = Array.from({ length: answers }, (_, nth) => word(`answer${at}`, nth));
    dialogues.push([...asked, assistant(said[0] ?? "")]);
    const { tenant, user: name } = PEOPLE[who] ?? PEOPLE[0];
    return chat(at + 1, asked, said, { ...(tenant && { tenant }), ...(name && { user: name }) });
  });
}

function nodesOf(harness: Harness): Map<string, NodeRow> {
  const rows = harness.store.read((db) =>
    db.all<NodeRow>("SELECT hash, parent_hash, CAST(bucket AS TEXT) AS bucket FROM nodes")
  );
  return new Map(rows.map((row) => [row.hash, row]));
}

/** Nodes on the paths of turns that are not the subject's. */
function reachable(harness: Harness, nodes: ReadonlyMap<string, NodeRow>): Set<string> {
  const turns = harness.rows<{ user: string; tenant: string; head_hash: string; other_answers: string }>(
    "turns",
  );
  const kept = new Set<string>();
  for (const { user, tenant, head_hash, other_answers } of turns) {
    if (user === "ann" && (tenant ?? "default") === "default") continue;
    for (const head of [head_hash, ...JSON.parse(other_answers ?? "[]")]) {
      for (
        let at: string | null = head;
        at !== null && !kept.has(at);
        at = nodes.get(at)?.parent_hash ?? null
      ) {
        kept.add(at);
      }
    }
  }
  return kept;
}

function bytesOf(harness: Harness): string {
  const wal = Deno.statSync(`${harness.store.file}-wal`);
  assert.equal(wal.size, 0);
  return Buffer.from(Deno.readFileSync(harness.store.file)).toString("latin1");
}

Deno.test("erasing keeps exactly the nodes that turns of others reach, with their events, and no word of the rest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      await using harness = await openHarness();
      await harness.derive(callsOf(steps));
      const before = nodesOf(harness);
      const kept = reachable(harness, before);
      const mine = harness.rows<{ user: string; tenant: string }>("turns").filter(({ user, tenant }) =>
        user === "ann" && (tenant ?? "default") === "default"
      ).length;
      const outcome = await erase(harness, { tenant: "default", user: "ann" });
      const after = nodesOf(harness);
      assert.deepEqual(new Set(after.keys()), kept);
      for (const { hash, parent_hash, bucket } of after.values()) {
        assert.equal(nodeHash(JSON.parse(bucket), parent_hash), hash);
      }
      assert.deepEqual(outcome.beyond, []);
      const { removed = {} } = outcome.plugins[0] ?? {};
      assert.deepEqual([removed.turns, removed.nodes], [mine, before.size - kept.size]);
      const counted = harness.store.read((db) =>
        db.all<{ hash: string; children: number }>(
          "SELECT n.hash, t.children FROM nodes n JOIN tapes_tree t ON t.node = n.rowid",
        )
      );
      const children = (hash: string) =>
        [...after.values()].filter((each) =>
          each.parent_hash === hash
        ).length;
      assert.equal(counted.length, after.size);
      for (const each of counted) assert.equal(each.children, children(each.hash));
      const events = (await harness.events(NODES_TOPIC)).filter(({ value }) => value !== "");
      assert.deepEqual(new Set(events.map(({ value }) => JSON.parse(value).node.hash)), kept);
      const turns = (await harness.events(TURNS_TOPIC)).filter(({ value }) => value !== "");
      assert.equal(turns.length, steps.length - mine);
      const file = bytesOf(harness);
      const left = [...after.values()].map(({ bucket }) => bucket).join();
      for (const { bucket } of before.values()) {
        const text = JSON.parse(bucket).content[0].text;
        if (!left.includes(text)) assert.ok(!file.includes(text), `${text} is in the file`);
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("what was recorded and not yet derived is erased, and the deriver never sees it", async () => {
  await using harness = await openHarness();
  const calls = [
    chat(1, [user("ann's secret")], "x", { user: "ann" }),
    chat(2, [user("named in the body")], "y", { body: { user: "ann" } }),
    chat(3, [user("bea's")], "z", { user: "bea" }),
  ];
  await harness.local.send(calls.map(({ meta, request, response }) => ({
    topic: CALLS_TOPIC,
    key: null,
    value: encodeCall(meta, [request], [response]),
  })));
  const { plugins } = await erase(harness, { tenant: "default", user: "ann" });
  assert.equal(plugins[0]?.removed.calls, 2);
  const kept = harness.store.read((db) =>
    harness.local.readFrom(db, { topic: CALLS_TOPIC, partition: 0, offset: 0 }, 10, 1e9)
  );
  assert.deepEqual(kept.map(({ value }) => value === null), [true, true, false]);
  assert.ok(!bytesOf(harness).includes("secret"));
});

Deno.test("answers that were gone on with by their id, imported nodes and prompts that others use stay", async () => {
  await using harness = await openHarness();
  await harness.derive([respond(1, "hello", "first", { id: "resp_1", user: "ann" })]);
  await harness.derive([respond(2, "more", "second", { previous: "resp_1", user: "bea" })]);
  await harness.derive([
    chat(3, [user("a")], "b", {
      user: "ann",
      body: { tools: [{ type: "function", function: { name: "f" } }] },
    }),
    chat(4, [user("c")], "d", {
      user: "bea",
      body: { tools: [{ type: "function", function: { name: "f" } }] },
    }),
    chat(5, [user("e")], "f", {
      user: "ann",
      body: { tools: [{ type: "function", function: { name: "g" } }] },
    }),
  ]);
  await harness.store.write((tx) =>
    tx.run("INSERT INTO nodes (hash, role, bucket, content) VALUES ('imported', 'user', '{}', '[]')")
  );
  const { plugins } = await erase(harness, { tenant: "default", user: "ann" });
  assert.deepEqual(plugins, [{
    plugin: "tapes",
    removed: { turns: 3, nodes: 4, prompts: 1, calls: 0, events: 7 },
    beyond: ["Nodes imported from tapes: they name no user."],
  }]);
  assert.equal(nodesOf(harness).size, 4 + 2 + 1);
});

Deno.test("an imported node on the person's path stays, and so does one where somebody's turn has ended since", async () => {
  const handler = eraseFromTapes({ capture_limit: 1e6 }, NO_REDACTION);
  await using harness = await openHarness();
  await harness.derive([chat(1, [user("a")], "b", { user: "ann" })]);
  await harness.store.write((tx) => {
    const root = tx.get<{ hash: string; bucket: Uint8Array }>(
      "SELECT * FROM nodes WHERE parent_hash IS NULL",
    );
    tx.run("DELETE FROM nodes");
    tx.run("DELETE FROM turns");
    tx.run("INSERT INTO nodes (hash, bucket) VALUES (?, ?)", root?.hash ?? "", root?.bucket ?? null);
  });
  await harness.derive([
    chat(2, [user("a")], "b", { user: "ann" }),
    chat(3, [user("c")], "d", { user: "ann" }),
  ]);
  let isFirst = true;
  await erase(harness, { tenant: "default", user: "ann" }, (erasure) =>
    handler({
      ...erasure,
      store: {
        read: (work) => erasure.store.read(work),
        write: async (work) => {
          if (isFirst) {
            isFirst = false;
            await harness.derive([chat(4, [user("c")], "d", { user: "bea" })]);
          }
          return await erasure.store.write(work);
        },
      },
    }));
  const texts = [...nodesOf(harness).values()].map(({ bucket }) => JSON.parse(bucket).content[0].text);
  assert.deepEqual(texts.toSorted(), ["a", "c", "d"]);
});

Deno.test("a batch that goes on from nodes erased since it was read is read again, and its prompts are stored", async () => {
  await using harness = await openHarness();
  const tools = { body: { tools: [{ type: "function", function: { name: "f" } }] } };
  await harness.derive([chat(1, [user("a")], "b", { user: "ann", ...tools })]);
  const next = [chat(2, [user("a"), assistant("b"), user("c")], "d", { user: "bea", ...tools })];
  await assert.rejects(
    harness.derive(next, (tx) => {
      tx.run("DELETE FROM nodes WHERE parent_hash IS NOT NULL");
      return tx;
    }),
    /erased just now; they are read again/,
  );
  await harness.derive(next, (tx) => {
    tx.run("DELETE FROM blobs");
    return tx;
  });
  assert.equal(nodesOf(harness).size, 4);
  assert.equal(harness.rows("turns").length, 2);
  assert.equal(harness.store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM blobs"))?.n, 1);
});

Deno.test("an erasure that was cut off anywhere is finished by the next one", async () => {
  for (let writes = 1; writes < 6; writes++) {
    await using harness = await openHarness();
    const long = Array.from({ length: 450 }, (_, at) => at % 2 ? assistant(`a${at}`) : user(`u${at}`));
    await harness.derive([
      chat(1, [...long, user("ann's own")], ["x", "y"], { user: "ann" }),
      chat(2, [...long.slice(0, 3), assistant("other")], "z", { user: "bea" }),
    ]);
    const kept = 3 + 2;
    const stop = new AbortController();
    let seen = 0;
    const handler = eraseFromTapes({ capture_limit: 1e6 }, NO_REDACTION);
    const cut = erase(harness, { tenant: "default", user: "ann" }, (erasure) =>
      handler({
        ...erasure,
        store: {
          read: (work) => erasure.store.read(work),
          write: (work) => {
            if (++seen > writes) throw new Error("killed");
            return erasure.store.write(work);
          },
        },
      }), stop.signal).then(() => "done", (error) => String(error));
    assert.match(await cut, /killed|done/);
    await erase(harness, { tenant: "default", user: "ann" });
    assert.equal(nodesOf(harness).size, kept);
    assert.equal(harness.rows("turns").length, 1);
    const events = (await harness.events(NODES_TOPIC)).filter(({ value }) => value !== "");
    assert.equal(events.length, kept);
  }
});
