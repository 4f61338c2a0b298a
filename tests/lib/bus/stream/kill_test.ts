import assert from "node:assert/strict";
import { join } from "node:path";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../../lib/store/open_store.ts";

const RECORDS = 400;

/** Batches that a process may have committed or be at when it is killed; behind them it waits for its end. */
const AHEAD = 5;

/** Starts the copying process; kills it with SIGKILL after that many commits, or lets it finish. */
async function copy(file: string, killAfter: number): Promise<number> {
  const script = new URL("./child.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, file, String(killAfter + AHEAD)],
    stdout: "piped",
  })
    .spawn();
  let commits = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    commits += text.split("\n").length - 1;
    if (commits >= killAfter) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It was faster.
      }
    }
  }
  await child.status;
  return commits;
}

Deno.test("a stream killed again and again leaves each record's row and output once, in order", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await using log = await openLocalLog(store);
    await log.topics.apply(["in", "out"].map((name) => ({ name, partitions: 1 })));
    await store.migrate("t", [{
      version: 1,
      name: "copied",
      up: (tx) => void tx.run("CREATE TABLE copied (offset INTEGER, value BLOB)"),
    }]);
    const values = Array.from({ length: RECORDS }, (_, at) => new TextEncoder().encode(`record ${at}`));
    await log.send(values.map((value) => ({ topic: "in", value })));
    await copy(store.file, 1);
    const between = store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM copied"))?.n ?? 0;
    assert.ok(between > 0 && between < RECORDS, `killed in the middle: ${between} of ${RECORDS}`);
    await copy(store.file, 5);
    await copy(store.file, Infinity);
    const rows = store.read((db) => db.all<{ offset: number; value: Uint8Array }>("SELECT * FROM copied"));
    assert.deepEqual(rows.map(({ offset }) => offset), values.map((_, at) => at));
    const out = store.read((db) =>
      log.readFrom(db, { topic: "out", partition: 0, offset: 0 }, 10 * RECORDS, Infinity)
    );
    assert.deepEqual(out.map(({ value }) => value), values);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
