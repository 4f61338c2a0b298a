import assert from "node:assert/strict";
import { join } from "node:path";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../../../../lib/bus/stream/fences.ts";
import { openStore } from "../../../../lib/store/open_store.ts";

const RECORDS = 400;

/** Batches that a process may have handled when it is killed; behind them it waits for its end. */
const AHEAD = 5;

/** Runs the child, and kills it after so many batches of what it was started for. */
async function run(file: string, what: "rebuild" | "read", killAfter: number): Promise<void> {
  const script = new URL("./rebuild_child.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, file, what, String(killAfter + AHEAD)],
    stdout: "piped",
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const begun = what === "rebuild" ? said.indexOf("rebuild\n") : 0;
    if (begun === -1 || said.slice(begun).split("batch\n").length - 1 < killAfter) continue;
    try {
      child.kill("SIGKILL");
    } catch {
      // It was faster.
    }
  }
  await child.status;
}

Deno.test("an agent killed again and again while it makes its state anew has it as it was in the end, and sends nothing again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await using log = await openLocalLog(store);
    await log.topics.apply(["in", "out"].map((name) => ({ name, partitions: 1 })));
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{
      version: 1,
      name: "folded",
      up: (tx) => void tx.run("CREATE TABLE folded (id INTEGER PRIMARY KEY, n INTEGER, fold INTEGER)"),
    }]);
    const send = (count: number) =>
      log.send(Array.from({ length: count }, () => ({ topic: "in", value: new Uint8Array(1) })));
    const state = () => store.read((db) => db.get<{ n: number; fold: number }>("SELECT n, fold FROM folded"));
    await send(RECORDS);
    await run(store.file, "read", Infinity);
    const before = state();
    assert.equal(before?.n, RECORDS);

    await run(store.file, "rebuild", 3);
    const first = state()?.n ?? 0;
    assert.ok(first < RECORDS, `killed in the middle: ${first} of ${RECORDS}`);
    // The next one goes on with it before it reads on: there is something to read, so that it does not end before.
    await send(1);
    await run(store.file, "read", 3);
    const second = state()?.n ?? 0;
    assert.ok(second >= first && second < RECORDS, `killed in the middle again: ${second} of ${RECORDS}`);
    await run(store.file, "read", Infinity);
    assert.deepEqual({ ...state() }, {
      n: RECORDS + 1,
      fold: ((before?.fold ?? 0) * 31 + RECORDS) % 1_000_003,
    });
    const out = store.read((db) =>
      log.readFrom(db, { topic: "out", partition: 0, offset: 0 }, 10 * RECORDS, Infinity)
    );
    assert.deepEqual(
      out.map(({ value }) => Number(new TextDecoder().decode(value ?? undefined))),
      Array.from({ length: RECORDS + 1 }, (_, at) => at + 1),
    );
    await run(store.file, "rebuild", Infinity);
    assert.equal(state()?.n, RECORDS + 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
