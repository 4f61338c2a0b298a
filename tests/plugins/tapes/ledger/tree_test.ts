import assert from "node:assert/strict";
import fc from "fast-check";
import type { Store } from "../../../../lib/store/contract.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import { TAPES_MIGRATIONS } from "../../../../plugins/tapes/ledger/migrations.ts";
import { leaves, type TreeStats, treeStats } from "../../../../plugins/tapes/ledger/tree.ts";
import { writeTapesFile } from "../tapes_file.ts";

type Change =
  | { kind: "insert"; parent: number | null }
  | { kind: "delete"; node: number }
  | { kind: "detach"; node: number };

const name = (index: number) => `n${String(index).padStart(4, "0")}`;

async function withFile(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-tree-" });
  try {
    await work(`${folder}/t.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function counted(store: Store): TreeStats {
  const counting = treeStats((work) => store.read(work));
  for (;;) {
    const step = counting.next();
    if (step.done) return step.value;
  }
}

/** The same from the nodes themselves. */
function truth(store: Store): TreeStats & { heads: string[] } {
  const nodes = store.read((db) =>
    db.all<{ hash: string; parent_hash: string | null }>("SELECT hash, parent_hash FROM nodes ORDER BY hash")
  );
  const parents = new Set(nodes.map(({ parent_hash }) => parent_hash));
  const heads = nodes.map(({ hash }) => hash).filter((hash) => !parents.has(hash));
  const roots = nodes.filter(({ parent_hash }) => parent_hash === null).length;
  return { nodes: nodes.length, roots, leaves: heads.length, heads };
}

function assertTrue(store: Store): void {
  const { heads, ...stats } = truth(store);
  assert.deepEqual({ ...counted(store) }, stats);
  assert.deepEqual(store.read((db) => leaves(db, "", 10_000)), heads);
}

const indexes = (store: Store) =>
  store.read((db) =>
    db.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE tbl_name = 'nodes' AND type = 'index' AND sql IS NOT NULL",
    ).map((row) => row.name)
  );

Deno.test("the tree's figures are those of its nodes, whatever was inserted, deleted or cut off", async () => {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant("insert" as const),
      parent: fc.option(fc.nat(40), { nil: null }),
    }),
    fc.record({ kind: fc.constant("delete" as const), node: fc.nat(40) }),
    fc.record({ kind: fc.constant("detach" as const), node: fc.nat(40) }),
  );
  await withFile(async (file) => {
    await using store = await openStore({ file });
    await store.migrate("tapes", TAPES_MIGRATIONS);
    const run = async (changes: readonly Change[]) => {
      await store.write((tx) => tx.run("DELETE FROM nodes"));
      let made = 0;
      for (const step of changes) {
        await store.write((tx) => {
          if (step.kind === "insert") {
            tx.run(
              "INSERT INTO nodes (hash, parent_hash) VALUES (?, (SELECT hash FROM nodes WHERE hash = ?))",
              name(made++),
              step.parent === null ? null : name(step.parent),
            );
          } else if (step.kind === "delete") tx.run("DELETE FROM nodes WHERE hash = ?", name(step.node));
          else tx.run("UPDATE nodes SET parent_hash = NULL WHERE hash = ?", name(step.node));
        });
      }
      assertTrue(store);
    };
    await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 40 }), run), { numRuns: 40 });
  });
});

Deno.test("the tree's figures outlive VACUUM, which may number rows anew", async () => {
  await withFile(async (file) => {
    await using store = await openStore({ file });
    await store.migrate("tapes", TAPES_MIGRATIONS);
    await store.write((tx) => {
      for (let at = 0; at < 500; at++) {
        tx.run(
          "INSERT INTO nodes (hash, parent_hash) VALUES (?, ?)",
          name(at),
          at < 2 ? null : name(Math.floor(at / 2)),
        );
      }
      tx.run("DELETE FROM nodes WHERE hash >= ? AND hash < ?", name(300), name(400));
    });
    await store[Symbol.asyncDispose]();
    const { DatabaseSync } = await import("node:sqlite");
    const other = new DatabaseSync(file);
    other.exec("VACUUM");
    other.close();
    await using again = await openStore({ file });
    assertTrue(again);
  });
});

Deno.test("a file of an earlier version loses our index and keeps its tree", async () => {
  await withFile(async (file) => {
    await using store = await openStore({ file });
    await store.migrate("tapes", TAPES_MIGRATIONS.slice(0, 1));
    await store.write((tx) => {
      tx.run("CREATE INDEX node_parent_hash ON nodes(parent_hash)");
      for (let at = 0; at < 50; at++) {
        tx.run(
          "INSERT INTO nodes (hash, parent_hash) VALUES (?, ?)",
          name(at),
          at < 3 ? null : name(at % 7 === 0 ? 0 : at - 1),
        );
      }
    });
    await store.migrate("tapes", TAPES_MIGRATIONS);
    assert.deepEqual(indexes(store), []);
    assertTrue(store);
  });
});

Deno.test("a file of tapes keeps its indexes, and its nodes are in the tree", async () => {
  await withFile(async (file) => {
    await writeTapesFile(file);
    await using store = await openStore({ file });
    await store.migrate("tapes", TAPES_MIGRATIONS);
    assert.ok(indexes(store).includes("node_parent_hash"));
    assert.equal(indexes(store).length, 8);
    assertTrue(store);
  });
});
