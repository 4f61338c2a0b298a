import assert from "node:assert/strict";
import { join } from "node:path";
import type { BusDriver, Subscription } from "../../../../lib/bus/contract.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER, rowsFirst } from "../../../../lib/bus/stream/rows_first.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../../lib/store/sqlite_store.ts";
import { MemoryBus } from "../memory_bus.ts";

const receiving = { max: 10, maxBytes: 1_000_000, waitMs: 0 };
const through = (offset: number) => ({ topic: "in", partition: 0, offset });

const nothing = () => Promise.resolve([]);

/** A bus without SQL, as Kafka is one. */
function withoutSql(bus: MemoryBus): BusDriver {
  return {
    name: "kafka",
    topics: { describe: nothing, plan: nothing, apply: nothing },
    send: () => Promise.reject(new Error("not here")),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    lag: (group, topics) => bus.lag(group, topics),
    isRetryable: () => true,
    open: async (options) => {
      const inner = await bus.open(options);
      return {
        receive: (wanted) => inner.receive(wanted),
        seek: (position) => inner.seek(position),
        assigned: () => inner.assigned(),
        commit: (commit) => {
          assert.equal(commit.write, undefined, "the bus is never given SQL");
          return inner.commit(commit);
        },
        [Symbol.asyncDispose]: async () => await inner[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function rig(
  work: (parts: { bus: MemoryBus; store: SqliteStore; open(): Promise<Subscription> }) => Promise<void>,
) {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{ version: 1, name: "r", up: (tx) => void tx.run("CREATE TABLE r (v)") }]);
    const bus = new MemoryBus();
    const driver = rowsFirst(withoutSql(bus), store);
    await work({ bus, store, open: () => driver.open({ group: "g", topics: ["in"], from: "earliest" }) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const rows = (store: SqliteStore) =>
  store.read((db) => db.all<{ v: string }>("SELECT v FROM r")).map(({ v }) => v);
const key = new Uint8Array([1, 2]);
const headers = [["h", new Uint8Array([3])]] as const;
const value = new TextEncoder().encode("out");

Deno.test("rowsFirst() stores rows before outputs and offset reach the bus", () =>
  rig(async ({ bus, store, open }) => {
    bus.append("in", ["a"]);
    await using subscription = await open();
    await subscription.receive(receiving);
    await subscription.commit({
      through: through(0),
      outputs: [{ topic: "out", key, value, headers }],
      write: (tx) => {
        tx.run("INSERT INTO r VALUES ('a')");
        return [{ topic: "out", key: null, value: null }];
      },
    });
    assert.deepEqual(rows(store), ["a"]);
    assert.equal(bus.committed.get("g/in"), 1);
    assert.deepEqual(bus.records.get("out")?.map(({ key, value, headers }) => ({ key, value, headers })), [
      { key, value, headers },
      { key: null, value: null, headers: [] },
    ]);
  }));

Deno.test("a commit that did not reach the bus is tried again without writing the rows twice", () =>
  rig(async ({ bus, store, open }) => {
    bus.append("in", ["a"]);
    await using subscription = await open();
    await subscription.receive(receiving);
    bus.faults.commit.push(new Error("broker away"));
    const commit = {
      through: through(0),
      outputs: [{ topic: "out", value }],
      write: (tx: { run(sql: string): unknown }) => void tx.run("INSERT INTO r VALUES ('a')"),
    };
    await assert.rejects(subscription.commit(commit), /broker away/);
    await subscription.commit(commit);
    assert.deepEqual(rows(store), ["a"]);
    assert.deepEqual(bus.values("out"), ["out"]);
  }));

Deno.test("after a crash between rows and bus, what is delivered again sends the stored outputs and is not handled again", () =>
  rig(async ({ bus, store, open }) => {
    bus.append("in", ["a", "b"]);
    {
      await using crashed = await open();
      await crashed.receive({ ...receiving, max: 1 });
      bus.faults.commit.push(new Error("killed"));
      const write = (tx: { run(sql: string): unknown }) => void tx.run("INSERT INTO r VALUES ('a')");
      await assert.rejects(
        crashed.commit({ through: through(0), outputs: [{ topic: "out", key, value, headers }], write }),
      );
    }
    assert.deepEqual(bus.values("out"), []);
    await using next = await open();
    const batch = await next.receive(receiving);
    assert.deepEqual(batch?.records.map(({ offset }) => offset), [1], "only what is above the fence");
    assert.equal(bus.committed.get("g/in"), 1);
    const [sent] = bus.records.get("out") ?? [];
    assert.deepEqual([sent?.key, sent?.value, sent?.headers], [key, value, headers]);
    assert.deepEqual(rows(store), ["a"]);
  }));

Deno.test("a batch that lies wholly below the fence is skipped", () =>
  rig(async ({ bus, open }) => {
    bus.append("in", ["a", "b"]);
    {
      await using crashed = await open();
      await crashed.receive(receiving);
      bus.faults.commit.push(new Error("killed"));
      await assert.rejects(crashed.commit({ through: through(1), write: () => {} }));
    }
    await using next = await open();
    assert.equal(await next.receive({ ...receiving, max: 1 }), null);
    assert.equal(bus.committed.get("g/in"), 2);
  }));
