import assert from "node:assert/strict";
import { NO_REDACTION } from "../../../../lib/bus/no_redaction.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { importCommand, importFile } from "../../../../plugins/tapes/commands/import.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { openHarness } from "../derive/deriver_harness.ts";
import { redactionWith } from "../../../lib/redact/redactor.ts";
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
  const { stdout } = await runCommand(importCommand(NO_REDACTION), harness, { args: [file] });
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
  await runCommand(importCommand(NO_REDACTION), harness, { args: [file] });
  await Deno.remove(file);
  await writeTapesFile(file, nodes);
  const more = await importFile(commandCall(harness), file);
  assert.deepEqual(more, {
    read: nodes.length - 10,
    added: nodes.length - 10,
    total: nodes.length,
    facets: 0,
  });
  assert.deepEqual(await importFile(commandCall(harness), file), {
    read: 0,
    added: 0,
    total: nodes.length,
    facets: 0,
  });
  const again = await importFile(commandCall(harness), file, { fromStart: true });
  assert.deepEqual(again, { read: nodes.length, added: 0, total: nodes.length, facets: 0 });
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

interface FacetsRow {
  id: string;
  session_id: string;
  facets: string;
  created_at: string;
}

const facets = (id: string, text: string, second: string): FacetsRow => ({
  id,
  session_id: `session-${id}`,
  facets: JSON.stringify({ text }),
  created_at: `2026-11-20 23:16:${second}+00:00`,
});

async function addFacets(file: string, rows: readonly FacetsRow[]): Promise<void> {
  await using store = await openStore({ file });
  await store.write((tx) => {
    for (const { id, session_id, facets, created_at } of rows) {
      const blob = new TextEncoder().encode(facets);
      tx.run("INSERT OR REPLACE INTO facets VALUES (?, ?, ?, ?)", id, session_id, blob, created_at);
    }
  });
}

Deno.test("import takes over tapes' facets, once, and the newest of a session", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  await writeTapesFile(file, goldenNodes().slice(0, 1));
  const many = Array.from({ length: 600 }, (_, at) => facets(`m${at}`, "many", "01"));
  await addFacets(file, [facets("a", "goal: find it", "26.5"), facets("b", "b", "26"), ...many]);
  const run = async () => (await runCommand(importCommand(NO_REDACTION), harness, { args: [file] })).stdout;
  assert.equal(
    await run(),
    `Imported 1 of 1 nodes and the facets of 602 sessions from ${file}.\n`,
  );
  {
    await using source = await openStore({ file, readOnly: true });
    const whole = source.read((db) => db.all("SELECT * FROM facets ORDER BY rowid"));
    assert.deepEqual(harness.rows("facets"), whole, "column for column, as tapes reads them");
  }
  assert.match(await run(), /^Imported 0 of 1 nodes from/);
  // tapes made one anew under another id; ours of the other is newer than the file's.
  await harness.store.write((tx) =>
    tx.run("UPDATE facets SET facets = 'ours', created_at = '2026-11-20 23:16:59+00:00' WHERE id = 'b'")
  );
  await addFacets(file, [{ ...facets("a2", "found", "26.54"), session_id: "session-a" }]);
  assert.match(await run(), /^Imported 0 of 1 nodes and the facets of 1 session from/);
  const rows = harness.rows<FacetsRow>("facets").filter(({ id }) => !id.startsWith("m"));
  assert.deepEqual(rows.map(({ id, session_id }) => [id, session_id]), [["b", "session-b"], [
    "a2",
    "session-a",
  ]]);
  assert.equal(rows[0]?.facets, "ours");
});

Deno.test("import reads a file without facets", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  await writeTapesFile(file, goldenNodes().slice(0, 1));
  {
    await using store = await openStore({ file });
    await store.write((tx) => tx.run("DROP TABLE facets"));
  }
  assert.equal((await importFile(commandCall(harness), file)).facets, 0);
});

Deno.test("import that is stopped by the store says how far it came, and the next one goes on there", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const file = `${folder.path}/tapes.sqlite`;
  const [node] = goldenNodes();
  assert.ok(node);
  await writeTapesFile(file, Array.from({ length: 1_200 }, (_, at) => ({ ...node, hash: `n${at}` })));
  await addFacets(file, [facets("a", "a", "26")]);
  const call = commandCall(harness);
  let commits = 0;
  const full = new Error("Cannot write: 999 bytes of disk are free");
  const stopping = importFile({
    ...call,
    commit: (write) => ++commits > 2 ? Promise.reject(full) : call.commit(write),
  }, file);
  await assert.rejects(stopping, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(
      error.message,
      `Cannot import the rest of ${file}: Cannot write: 999 bytes of disk are free; ` +
        "1000 of its 1200 nodes were read in this run, and the next one goes on there",
    );
    assert.equal(error.cause, full);
    return true;
  });
  const { read, added, facets: sessions } = await importFile(call, file);
  assert.deepEqual({ read, added, sessions }, { read: 200, added: 200, sessions: 1 });
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

Deno.test("with redaction on, import takes what has nothing to take out as it is, and refuses the whole file else", async () => {
  await using folder = await tempFolder();
  await using harness = await openHarness();
  const redact = await redactionWith();
  const file = `${folder.path}/tapes.sqlite`;
  const nodes = goldenNodes();
  await writeTapesFile(file, nodes);
  const clean = await redactionWith({ patterns: { none: { pattern: "nobody-says-this", action: "mask" } } });
  assert.equal((await importFile(commandCall(harness), file, { redact: clean })).added, nodes.length);
  {
    await using other = await openStore({ file });
    await other.write((tx) =>
      tx.run(
        `UPDATE nodes SET content = '[{"type":"text","text":"ask ann@example.org"}]' WHERE rowid = ?`,
        nodes.length,
      )
    );
  }
  await using empty = await openHarness();
  await assert.rejects(
    importFile(commandCall(empty), file, { redact }),
    /redaction is on, and node [0-9a-f]{12} has what it takes out; .* hashes .* redact.enabled = false/s,
  );
  assert.deepEqual(empty.rows("nodes"), []);
});
