import assert from "node:assert/strict";
import { join } from "node:path";
import { type CommitOptions, FencedError, type Subscription } from "../../../../lib/bus/contract.ts";
import { CatchUp, type Plan } from "../../../../lib/bus/stream/catch_up.ts";
import { type Fence, FENCE_MIGRATIONS, FENCE_OWNER, writeFence } from "../../../../lib/bus/stream/fences.ts";
import { Replay } from "../../../../lib/bus/stream/replay.ts";
import { ReplayProgress } from "../../../../lib/bus/stream/replay_progress.ts";
import { FencedRows } from "../../../../lib/bus/stream/rows_first.ts";
import { StreamWork } from "../../../../lib/bus/stream/work.ts";
import { TopicCodecs } from "../../../../lib/bus/topic_codecs.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../../lib/store/sqlite_store.ts";
import { instantClock } from "./instant_clock.ts";

const place = { topic: "in", partition: 0 };
const through = { ...place, offset: 4 };

interface Rig {
  rows: FencedRows;
  store: SqliteStore;
  /** What reached the bus. */
  commits: CommitOptions[];
  /** The partition goes to another member now. */
  lose(): void;
  stored(): string[];
}

const write: CommitOptions["write"] = (tx) => void tx.run("INSERT INTO r VALUES ('row')");

/** Rows beside a bus that only notes what it is given. */
async function withRows(work: (rig: Rig) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{ version: 1, name: "r", up: (tx) => void tx.run("CREATE TABLE r (v)") }]);
    const commits: CommitOptions[] = [];
    let assigned = [place];
    const inner: Subscription = {
      receive: () => Promise.resolve(null),
      commit: (options) => Promise.resolve(void commits.push(options)),
      seek: () => undefined,
      position: () => 0,
      assigned: () => assigned,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    await work({
      rows: new FencedRows({ inner, store, group: "g", always: false }),
      store,
      commits,
      lose: () => assigned = [{ topic: "in", partition: 1 }],
      stored: () => store.read((db) => db.all<{ v: string }>("SELECT v FROM r")).map(({ v }) => v),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const WAYS: Record<string, (rows: FencedRows) => Promise<void>> = {
  "a batch": (rows) => rows.commit({ through, write }),
  "rows made again": (rows) => rows.rowsAlone({ through, write }),
  "an emptied state": (rows) => rows.forget(place, (tx) => void write(tx)),
};

for (const [what, store] of Object.entries(WAYS)) {
  Deno.test(`a member that lost the partition while it waited for the store writes nothing: ${what}`, () =>
    withRows(async ({ rows, store: file, commits, lose, stored }) => {
      // Whoever has the write lock lets it go only when the partition is another's.
      const before = file.write(() => lose());
      await assert.rejects(store(rows), (error) => {
        assert.ok(error instanceof FencedError, String(error));
        assert.match(error.message, /^Cannot store rows of partition 0 of "in" for group g: another member/);
        return true;
      });
      await before;
      assert.deepEqual(stored(), []);
      assert.deepEqual(commits, []);
      assert.equal(rows.fence(place), undefined);
    }));

  Deno.test(`a member that has the partition writes: ${what}`, () =>
    withRows(async ({ rows, stored }) => {
      await store(rows);
      assert.deepEqual(stored(), ["row"]);
    }));
}

Deno.test("rows that are stored already are told to the bus by who lost the partition, too: it refuses by itself", () =>
  withRows(async ({ rows, commits, lose, stored }) => {
    await rows.commit({ through, write });
    lose();
    await rows.commit({ through, write });
    assert.deepEqual(stored(), ["row"]);
    assert.deepEqual(commits.map((each) => each.through.offset), [4, 4]);
  }));

/** What is planned for a partition whose group is at `at`, with a fence, where the topic ends at `end`. */
async function planned(
  fence: Omit<Fence, "outputs"> | undefined,
  { at, committed = at, end = 100, stateful = false }: {
    at: number;
    committed?: number | null;
    end?: number;
    stateful?: boolean;
  },
): Promise<{ plan: Plan; fence: number | undefined; emptied: boolean }> {
  const found: { plan?: Plan; fence?: number; emptied: boolean } = { emptied: false };
  await withRows(async ({ rows, store }) => {
    if (fence) await store.write((tx) => writeFence(tx, { group: "g", ...place }, { ...fence, outputs: [] }));
    const catchUp = new CatchUp({
      rows,
      replay: new Replay({
        group: "g",
        driver: {
          open: () => Promise.reject(new Error("planning reads nothing")),
          lag: () => Promise.resolve([{ ...place, committed, endOffset: end, lag: 0 }]),
        },
        work: new StreamWork({
          handler: () => undefined,
          codecs: new TopicCodecs(),
          group: "g",
          attempts: 1,
          realName: (topic) => topic,
          logicalName: (topic) => topic,
          isRetryable: () => false,
          clock: instantClock(),
          random: () => 0,
          events: {
            handled: () => undefined,
            deadLettered: () => undefined,
            retrying: () => undefined,
            commitFailing: () => undefined,
          },
        }),
        maxRecords: 10,
        maxBytes: 1_000,
        resumed: () => Promise.resolve(),
        progress: new ReplayProgress(),
      }),
      ...(stateful && { reset: () => void (found.emptied = true) }),
    });
    found.plan = await catchUp.plan({ ...place, committed, position: at });
    found.fence = rows.fence(place)?.offset;
  });
  return { plan: found.plan!, fence: found.fence, emptied: found.emptied };
}

/** A batch of 10 to 14, stored when the group was at 8: 8 and 9 are control records. */
const stored = { offset: 14, first: 10, start: 8 };

Deno.test("CatchUp plans to send what is stored where the group stands in front of the batch, and nowhere else", async () => {
  for (const at of [8, 9, 10]) {
    assert.deepEqual((await planned(stored, { at })).plan, {
      kind: "resend",
      fence: { ...stored, outputs: [] },
    });
  }
  for (const at of [5, 7, 11, 14]) {
    const { plan, fence } = await planned(stored, { at });
    assert.deepEqual(plan, { kind: "outputs", from: at, to: 15 }, `at ${at}`);
    assert.equal(fence, 14);
  }
  for (const at of [15, 16]) assert.deepEqual((await planned(stored, { at })).plan, { kind: "nothing" });
  const first = { offset: 14, first: null, start: null };
  assert.equal(
    (await planned(first, { at: 3 })).plan.kind,
    "resend",
    "a fence of the first version says no more",
  );
});

Deno.test("CatchUp plans the rows of a state up to where the group is, from its own fence or from the first record", async () => {
  const stateful = true;
  assert.deepEqual((await planned(undefined, { at: 20, stateful })).plan, {
    kind: "rows",
    from: null,
    to: 20,
  });
  assert.deepEqual((await planned(undefined, { at: 20, committed: null, stateful })).plan, {
    kind: "nothing",
  });
  assert.deepEqual((await planned(undefined, { at: 20 })).plan, { kind: "nothing" });
  assert.deepEqual((await planned(stored, { at: 15, stateful })).plan, { kind: "nothing" });
  assert.deepEqual((await planned(stored, { at: 16, stateful })).plan, { kind: "rows", from: 15, to: 16 });
  for (const at of [7, 12]) {
    assert.deepEqual(await planned(stored, { at, stateful }), {
      plan: { kind: "rows", from: null, to: at },
      fence: undefined,
      emptied: true,
    });
  }
});

Deno.test("CatchUp forgets a fence beyond the end of its topic, and keeps one at its end", async () => {
  assert.deepEqual(await planned(stored, { at: 3, end: 14 }), {
    plan: { kind: "nothing" },
    fence: undefined,
    emptied: false,
  });
  assert.deepEqual((await planned(stored, { at: 3, end: 15 })).plan, { kind: "outputs", from: 3, to: 15 });
});
