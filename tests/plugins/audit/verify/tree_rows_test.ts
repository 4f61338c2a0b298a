import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openStore } from "../../../../lib/store/open_store.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";
import { TreeRows } from "../../../../plugins/audit/verify/tree_rows.ts";

const ROWS = 10_000;

Deno.test("TreeRows gives each hash that is stored in its place, and none where there is none", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-tree-" });
  try {
    await using store = await openStore({ file: `${folder}/tree.sqlite` });
    await store.migrate("audit", AUDIT_MIGRATIONS);
    const strange = new Map<number, unknown>([
      [4200, undefined],
      [4201, Buffer.alloc(31, 1)],
      [4202, Buffer.alloc(33, 1)],
      [4203, "a".repeat(32)],
      [8500, undefined],
    ]);
    await store.write((tx) => {
      for (let number = 0; number < ROWS; number++) {
        const hash = strange.has(number) ? strange.get(number) : hashOf(number);
        if (hash === undefined) continue;
        tx.run("INSERT INTO audit_tree VALUES (0, ?, ?)", number, hash as Uint8Array | string);
        if (number % 2 === 1) {
          tx.run("INSERT INTO audit_tree VALUES (1, ?, ?)", number / 2 - 0.5, hash as Uint8Array);
        }
      }
    });
    const rows = new TreeRows((work) => store.read(work));
    for (let number = 0; number < ROWS + 100; number++) {
      const found = rows.take({ level: 0, number });
      const stored = strange.has(number) ? strange.get(number) : number < ROWS ? hashOf(number) : undefined;
      const wanted = stored instanceof Uint8Array ? Buffer.from(stored) : undefined;
      assert.deepEqual(found && Buffer.from(found), wanted, `${number}`);
      if (number % 2 === 0 || strange.has(number) || number >= ROWS) continue;
      assert.deepEqual(Buffer.from(rows.take({ level: 1, number: (number - 1) / 2 })!), hashOf(number));
    }
    assert.equal(rows.take({ level: 7, number: 3 }), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function hashOf(number: number): Buffer {
  const hash = Buffer.alloc(32, 7);
  hash.writeUInt32BE(number);
  return hash;
}
