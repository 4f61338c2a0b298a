import assert from "node:assert/strict";
import { openStore } from "../../../../lib/store/open_store.ts";
import { importCommand, importFile } from "../../../../plugins/tapes/commands/import.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { openHarness } from "../derive/deriver_harness.ts";
import { goldenCases } from "../golden.ts";
import { goldenNodes, writeTapesFile } from "../tapes_file.ts";
import { commandCall, runCommand } from "./command_harness.ts";

async function tempFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "capstan-import-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** tapes' own events of all cases, by node, without the time. */
function goldenEvents(): string[] {
  const events = new Map<string, string>();
  for (const { events: published } of goldenCases()) {
    for (const { key, value } of published) {
      events.set(JSON.parse(value).node.hash, `${key} ${value.replace(/"occurred_at":"[^"]+"/, "")}`);
    }
  }
  return [...events.values()].toSorted();
}

Deno.test("import copies every node as it is and publishes what tapes would have published", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  await writeTapesFile(file);
  const { stdout } = await runCommand(importCommand, harness, { args: [file] });
  const total = goldenNodes().length;
  assert.equal(stdout, `Imported ${total} of ${total} nodes from ${file}.\n`);
  await using source = await openStore({ file, readOnly: true });
  assert.deepEqual(harness.rows("nodes"), source.read((db) => db.all("SELECT * FROM nodes ORDER BY rowid")));
  const events = await harness.events(NODES_TOPIC);
  assert.deepEqual(
    events.map(({ key, value }) => `${key} ${value.replace(/"occurred_at":"[^"]+"/, "")}`).toSorted(),
    goldenEvents(),
  );
});

Deno.test("import is idempotent, goes on where it ended, and --from-start looks again", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  const nodes = goldenNodes();
  await writeTapesFile(file, nodes.slice(0, 10));
  await runCommand(importCommand, harness, { args: [file] });
  await Deno.remove(file);
  await writeTapesFile(file, nodes);
  const more = await importFile(commandCall(harness), file);
  assert.deepEqual(more, { read: nodes.length - 10, added: nodes.length - 10, total: nodes.length });
  assert.deepEqual(await importFile(commandCall(harness), file), { read: 0, added: 0, total: nodes.length });
  const again = await importFile(commandCall(harness), file, { fromStart: true });
  assert.deepEqual(again, { read: nodes.length, added: 0, total: nodes.length });
  assert.equal((await harness.events(NODES_TOPIC)).length, nodes.length);
});

Deno.test("import starts anew where another file has the name of an earlier one", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  const roots = goldenNodes().filter(({ parent_hash }) => parent_hash === null);
  await writeTapesFile(file, roots.slice(0, 3));
  await importFile(commandCall(harness), file);
  await Deno.remove(file);
  await writeTapesFile(file, roots.slice(3, 8));
  assert.equal((await importFile(commandCall(harness), file)).added, 5);
});

Deno.test("import puts parents first even where the file does not", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  await writeTapesFile(file);
  {
    await using store = await openStore({ file });
    await store.write((tx) => tx.run("UPDATE nodes SET rowid = 100000 - rowid"));
  }
  await importFile(commandCall(harness), file);
  assert.equal(harness.rows("nodes").length, goldenNodes().length);
  const seen = new Set<string | null>([null]);
  for (const { key, value } of await harness.events(NODES_TOPIC)) {
    const { node, root_hash } = JSON.parse(value);
    assert.equal(root_hash, key);
    assert.ok(seen.has(node.parent_hash));
    seen.add(node.hash);
  }
});

Deno.test("import refuses what tapes did not write, and says why", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const empty = `${folder.path}/empty.sqlite`;
  await using store = await openStore({ file: empty });
  await assert.rejects(
    importFile(commandCall(harness), empty),
    /has no table "nodes"; give a SQLite file that tapes wrote/,
  );
  await store.write((tx) => tx.run("CREATE TABLE nodes (hash TEXT)"));
  await assert.rejects(importFile(commandCall(harness), empty), /its table "nodes" has no bucket, type/);
  const text = `${folder.path}/notes.txt`;
  await Deno.writeTextFile(text, "these are no tapes, and long enough to be taken for a header".repeat(40));
  await assert.rejects(
    importFile(commandCall(harness), text),
    /^Error: Cannot import .*notes.txt: .*that tapes wrote$/s,
  );
  await assert.rejects(importFile(commandCall(harness), `${folder.path}/none`));
});
