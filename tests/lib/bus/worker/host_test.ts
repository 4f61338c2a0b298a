import { WriteTurns } from "../../../../lib/store/write_turns.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../../lib/bus/clock.ts";
import { type LocalBus, openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { WorkerHost } from "../../../../lib/bus/worker/host.ts";
import type { PartitionHooks } from "../../../../lib/bus/stream/arrival.ts";
import { WorkerStream } from "../../../../lib/bus/worker/stream.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../../../../lib/bus/stream/fences.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../../lib/store/sqlite_store.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";

const spec = {
  name: "t/upper",
  group: "upper",
  topics: ["in"],
  from: "earliest",
  maxRecords: 100,
  maxBytes: 1_000_000,
  lingerMs: 0,
  attempts: 3,
  values: "bytes",
} as const;

interface Rig {
  folder: string;
  store: SqliteStore;
  log: LocalBus;
  worker: WorkerHost;
  stream: WorkerStream;
  lines: string[];
  metrics(): Promise<string>;
  told: string[];
  /** Partitions that came and went. */
  partitions: string[];
}

async function rig(
  module: string,
  work: (rig: Rig) => Promise<void>,
  { state = false, hooks, ...options }: { state?: boolean; hooks?: PartitionHooks } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const lines: string[] = [];
  const told: string[] = [];
  const partitions: string[] = [];
  const meter = createMeter();
  try {
    await using store = await openStore({ file: join(folder, "capstan.sqlite") });
    await using log = await openLocalLog(store);
    await log.topics.apply([
      { name: "in", partitions: 1, retentionMs: state ? Infinity : 0, localOnly: true },
      { name: "out", partitions: 1, retentionMs: Infinity },
      { name: "in.dlq", partitions: 1 },
      { name: "sign", partitions: 1, retentionMs: 0 },
    ]);
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{
      version: 1,
      name: "rows",
      up: (tx) => tx.run("CREATE TABLE rows (value, seen)"),
    }]);
    const worker = new WorkerHost({
      start: {
        storeFile: store.file,
        powerSafe: false,
        turns: new WriteTurns("first").memory,
        owner: log.owner,
        streams: [{
          spec,
          module: new URL(`./modules/${module}.ts`, import.meta.url).href,
          options: { marker: join(folder, "marker"), ...Object(options) },
          plugin: "t",
          metricScope: "capstan_t_",
          state,
          hooks: true,
        }],
        renamed: [],
        holds: [["in", ["upper"]]],
        maintenanceMs: 20,
        // A Worker that died keeps nothing: its successor does not wait for this.
        leaseMs: 600_000,
      },
      log: createLogger({ sink: (line) => lines.push(line) }),
      meter,
      clock: systemClock,
      random: () => 0,
      retry: { baseMs: 10, maxMs: 10 },
      onAppended: (topics) => told.push(...topics),
    });
    log.onAppend((topics) => worker.appended(topics));
    const stream = new WorkerStream({
      ...{ spec, worker, log, clock: systemClock, state },
      hooks: hooks ?? {
        onAssigned: (came) => void partitions.push(`came ${came.map(({ partition }) => partition)}`),
        onRevoked: (went) => void partitions.push(`went ${went.map(({ partition }) => partition)}`),
      },
    });
    try {
      await work({
        folder,
        store,
        log,
        worker,
        stream,
        lines,
        told,
        partitions,
        metrics: () => meter.text(),
      });
    } finally {
      await worker.stop();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** That the Worker trims a topic, twice, says that it has been at work all the while. */
async function signs({ log, store, worker }: Pick<Rig, "log" | "store" | "worker">): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const [{ offset } = { offset: 0 }] = await log.send([{ topic: "sign", value: null }]);
    const kept = () => store.read((db) => log.readFrom(db, { topic: "sign", partition: 0, offset }, 1, 1));
    while (kept().length > 0) await worker.progress.next(AbortSignal.timeout(20));
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const rows = (store: SqliteStore) =>
  store.read((db) => db.all<{ value: string }>("SELECT value FROM rows ORDER BY rowid")).map(({ value }) =>
    value
  );

Deno.test("a stream in the Worker handles what the main thread appends, and reports logs, metrics and outputs", () =>
  rig("upper", async ({ log, store, worker, stream, lines, told, metrics }) => {
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }, { topic: "in", value: bytes("b") }]);
    await stream.caughtUp();
    assert.deepEqual(rows(store), ["a", "b"]);
    const [end] = await log.lag("nobody", ["out"]);
    assert.equal(end?.endOffset, 2);
    await worker.stop();
    assert.ok(told.includes("out"), "the main thread learns that the Worker appended");
    assert.ok(lines.some((line) => line.includes(" t Handler made. ")), lines.join());
    assert.match(await metrics(), /capstan_t_seen_total 2/);
    assert.match(await metrics(), /capstan_stream_records_total\{stream="t\/upper"\} 2/);
  }));

Deno.test("the Worker takes what its group has passed out of the log", () =>
  rig("upper", async ({ log, worker, stream, store }) => {
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }]);
    await stream.caughtUp();
    while (store.read((db) => log.readFrom(db, { topic: "in", partition: 0, offset: 0 }, 1, 1)).length > 0) {
      await worker.progress.next(AbortSignal.timeout(20));
    }
    const [left] = await log.lag("upper", ["in"]);
    assert.equal(left?.endOffset, 1, "offsets are not reused");
  }));

Deno.test("a paused stream in the Worker waits until it is resumed", () =>
  rig("upper", async ({ log, store, worker, stream }) => {
    stream.pause();
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }]);
    assert.equal(stream.paused, true);
    await signs({ log, store, worker });
    assert.equal(await stream.lag(), 1);
    stream.resume();
    await stream.caughtUp();
    assert.deepEqual(rows(store), ["a"]);
  }));

Deno.test("streams that are held before the Worker starts are held in it, until there is no reason any more", () =>
  rig("upper", async ({ log, store, worker, stream }) => {
    worker.hold("the disk is full");
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }]);
    await signs({ log, store, worker });
    assert.deepEqual(rows(store), []);
    assert.match(stream.health().detail ?? "", /the disk is full/);
    worker.hold(undefined);
    await stream.caughtUp();
    assert.deepEqual(rows(store), ["a"]);
  }));

Deno.test("a Worker begins when it has been heard itself, not when an answer to its predecessor comes", () => {
  const said: string[] = [];
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const hooks: PartitionHooks = {
    onAssigned: async () => {
      const isFirst = !said.includes("came");
      said.push("came");
      await (isFirst ? first : second).promise;
      said.push("taken");
    },
    onRevoked: () => void said.push("went"),
  };
  return rig("dies_told", async ({ folder, log, store, worker, stream }) => {
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }]);
    while (said.length === 0) await worker.progress.next(AbortSignal.timeout(5));
    await Deno.writeTextFile(join(folder, "marker"), "die");
    while (!worker.health().worker?.figures?.restarts) await worker.progress.next(AbortSignal.timeout(5));
    // It has told that it has the partition too, and waits.
    await signs({ log, store, worker });
    first.resolve();
    while (said.length < 4) await worker.progress.next(AbortSignal.timeout(5));
    await signs({ log, store, worker });
    const handled = rows(store);
    second.resolve();
    assert.deepEqual(handled, [], "no batch before its hook is done");
    assert.deepEqual(said.slice(0, 4), ["came", "taken", "went", "came"]);
    await stream.caughtUp();
    assert.deepEqual(rows(store), ["a"]);
  }, { hooks });
});

Deno.test("a Worker that dies in the middle of a batch is started again, and the batch's rows are there once", () =>
  rig("crash_once", async ({ log, store, worker, stream, lines, metrics }) => {
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }, { topic: "in", value: bytes("b") }]);
    await stream.caughtUp();
    assert.deepEqual(rows(store), ["a", "b"]);
    assert.ok(lines.some((line) => /ERROR.*worker died.*out of the blue/.test(line)), lines.join("\n"));
    assert.match(await metrics(), /capstan_worker_crashes_total 1/);
    assert.deepEqual(worker.health().worker, { status: "ok", figures: { restarts: 1 } });
  }));

Deno.test("a Worker that dies while it makes a state anew says so to who waits; the next one goes on with it", () =>
  rig("dies_anew", async ({ log, store, worker, stream, partitions }) => {
    await worker.start();
    await log.send([{ topic: "in", value: bytes("a") }, { topic: "in", value: bytes("b") }]);
    await stream.caughtUp();
    await store.write((tx) => tx.run("UPDATE rows SET value = 'wrong'"));
    await assert.rejects(
      stream.rebuild(),
      /Cannot make the state of stream t\/upper anew: .*worker ended \(.*out of the blue.*; the next one goes on/,
    );
    while (rows(store).length < 2) await worker.progress.next(AbortSignal.timeout(20));
    assert.deepEqual(rows(store), ["a", "b"]);
    // By the start, by the making anew, and by the death.
    assert.deepEqual(partitions, ["came 0", "went 0", "came 0", "went 0", "came 0"]);
    await worker.stop();
    assert.deepEqual(partitions.slice(5), ["went 0"]);
    await assert.rejects(stream.rebuild(), /anew: the background worker is down: stopped/);
  }, { state: true }));

for (const way of ["close", "exit", "throw", "reject", "close in write"]) {
  Deno.test(`a record that ends the Worker (${way}) becomes a dead letter after the attempts, and stops nobody`, () =>
    rig("poisoned", async ({ log, store, worker, stream, lines, metrics }) => {
      await log.send(["a", "b", way, "c", "d"].map((value) => ({ topic: "in", value: bytes(value) })));
      await worker.start();
      await stream.caughtUp();
      await log.send([{ topic: "in", value: bytes("e") }]);
      await stream.caughtUp();
      assert.deepEqual(rows(store), ["a", "b", "c", "d", "e"]);
      const letters = store.read((db) =>
        log.readFrom(db, { topic: "in.dlq", partition: 0, offset: 0 }, 10, 1e6)
      );
      const [letter] = letters;
      assert.deepEqual(letters.map(({ value }) => new TextDecoder().decode(value ?? undefined)), [way]);
      const headers = Object.fromEntries(
        letter?.headers.map(([name, value]) => [name, new TextDecoder().decode(value)]) ?? [],
      );
      assert.match(JSON.stringify(headers), /the background worker died while this was handled: /);
      // All five three times; the half it is in, then it alone behind what was well; the half of what is left.
      const deaths = Number(/capstan_worker_crashes_total (\d+)/.exec(await metrics())?.[1]);
      // A rejection nobody handles ends it a moment later, when further records may be under way.
      assert.ok(way === "reject" ? deaths >= 6 : deaths === 6, `${deaths} deaths`);
      assert.ok(
        lines.some((line) => /ERROR.*worker died.*"?under_way"?.*from.*0.*through.*4/.test(line)),
        lines.join("\n"),
      );
      assert.equal(worker.health().worker?.status, "ok");
    }));
}

Deno.test("a Worker whose handler can't be loaded does not start, and says which and why", () =>
  rig("no_handler", async ({ worker }) => {
    await assert.rejects(
      worker.start(),
      /Cannot start the background worker: .*t\/upper.*no function as default/,
    );
  }));

Deno.test("WorkerHost.stop() is safe unstarted and twice", () =>
  rig("upper", async ({ worker }) => {
    await worker.stop();
    await worker.stop();
  }));
