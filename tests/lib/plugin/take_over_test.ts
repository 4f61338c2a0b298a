import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { agentFilePath } from "../../../lib/access/agent_file.ts";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import type { Plugin, StreamHandle } from "../../../lib/plugin/contract.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { withHost } from "./rig.ts";

/** A port that nobody listens on. */
function closedPort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return listener.addr.port;
}

/** Milliseconds of lease: as much as can be, for more would be one from before the clock was set back. */
const FAR_MS = 14_000;

/** What an agent that was killed leaves: a member with a lease far from its end, and its file. */
async function leaveBehind(folder: string, host: string): Promise<void> {
  const storeFile = join(folder, "capstan.sqlite");
  await using store = await openStore({ file: storeFile });
  await using log = await openLocalLog(store, { owner: "killed" });
  await log.topics.apply([{ name: "in", partitions: 1 }]);
  await log.send([{ topic: "in", value: new TextEncoder().encode("waiting") }]);
  {
    await using _member = await log.open({ group: "reads", topics: ["in"], from: "earliest" });
    const members = store.read((db) => db.all<{ member: string }>("SELECT member FROM log_members"));
    assert.match(members[0]?.member ?? "", /^killed\//);
  }
  await store.write((tx) => {
    tx.run(
      `INSERT INTO log_members VALUES ('reads', 'killed/1', '["in"]', ?)`,
      Date.now() + FAR_MS,
    );
    tx.run("UPDATE log_offsets SET owner = 'killed/1', epoch = epoch + 1 WHERE grp = 'reads'");
  });
  const agent = {
    pid: process.pid,
    admin: `http://127.0.0.1:${closedPort()}`,
    version: "0",
    store: storeFile,
    startedAt: "2025-01-31T00:00:00.000Z",
    host,
    owner: "killed",
  };
  await writeFile(agentFilePath(storeFile, agent.pid), JSON.stringify(agent));
}

function reading(): { plugin: Plugin; seen: string[]; stream(): StreamHandle } {
  const seen: string[] = [];
  let handle: StreamHandle | undefined;
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 }, { codec: "text" });
      handle = ctx.stream({ topics: ["in"], group: "reads", lingerMs: 0 }, ({ records }) => {
        for (const { data } of records) seen.push(String(data));
      });
    },
  };
  return { plugin, seen, stream: () => handle ?? assert.fail() };
}

/** Members of the killed agent that the file still has. */
async function leftOf(folder: string): Promise<number> {
  await using store = await openStore({ file: join(folder, "capstan.sqlite"), readOnly: true });
  return store.read((db) => db.all("SELECT 1 FROM log_members WHERE member LIKE 'killed/%'")).length;
}

Deno.test("the work of an agent that was killed on this machine is taken over before its lease ends", async () => {
  const { plugin, seen, stream } = reading();
  await withHost([plugin], async ({ host, folder, lines }) => {
    await leaveBehind(folder, hostname());
    await host.start();
    assert.equal(await leftOf(folder), 0);
    await stream().caughtUp();
    assert.deepEqual(seen, ["waiting"]);
    assert.ok(lines.some((line) => line.includes("ended without a word")), lines.join("\n"));
  });
});

Deno.test("an agent of another machine keeps its lease until it ends", async () => {
  const { plugin, seen, stream } = reading();
  await withHost([plugin], async ({ host, folder }) => {
    await leaveBehind(folder, "another-machine");
    await host.start();
    assert.equal(await leftOf(folder), 1);
    assert.deepEqual(seen, []);
    {
      await using store = await openStore({ file: join(folder, "capstan.sqlite") });
      await store.write((tx) =>
        void tx.run("UPDATE log_members SET lease_until = 0 WHERE member = 'killed/1'")
      );
    }
    await stream().caughtUp();
    assert.deepEqual(seen, ["waiting"]);
  }, { settings: { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} } });
});

Deno.test("an agent that is taken for gone and is not is fenced, and joins again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "capstan.sqlite") });
    await using log = await openLocalLog(store, { heartbeatMs: 20 });
    await log.topics.apply([{ name: "in", partitions: 1 }]);
    await log.send([{ topic: "in", value: null }, { topic: "in", value: null }]);
    await using member = await log.open({ group: "reads", topics: ["in"], from: "earliest" });
    const receive = () => member.receive({ max: 1, maxBytes: 1_000, waitMs: 60_000 });
    const [first] = (await receive())?.records ?? [];
    assert.equal(await log.release(log.owner), 1);
    await assert.rejects(member.commit({ through: first ?? assert.fail() }), { name: "FencedError" });
    // What it could not commit comes again, as soon as it has joined.
    let again = (await receive())?.records[0];
    while (again?.offset !== 0) again = (await receive())?.records[0] ?? assert.fail();
    await member.commit({ through: again });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
