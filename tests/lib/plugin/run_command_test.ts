import assert from "node:assert/strict";
import { join } from "node:path";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

const bytes = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

Deno.test("runCommand() runs a command on a migrated store, with nothing started", async () => {
  const said: string[] = [];
  let folder = "";
  const silent = { write: async () => {}, isTerminal: false, columns: 80 };
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      ctx.store([{ version: 1, name: "t", up: (tx) => tx.run("CREATE TABLE t (v)") }]);
      ctx.command({
        path: "do it",
        doc: "Does it.",
        creates: true,
        run: async (call) => {
          await call.store.write((tx) => tx.run("INSERT INTO t VALUES (?)", call.args[0] ?? null));
          const rows = call.store.read((db) => db.all<{ v: string }>("SELECT v FROM t"));
          const [position] = await call.publish([{ topic: "in", value: "x" }]);
          said.push(rows[0]?.v ?? "", String(position?.offset));
          await call.commit((tx) => {
            tx.run("INSERT INTO t VALUES ('with')");
            return [{ topic: "in", value: "y" }];
          });
          const failing = call.commit((tx) => {
            tx.run("INSERT INTO t VALUES ('without')");
            throw new Error("no");
          });
          await assert.rejects(failing, /no/);
          for await (const record of call.records("in")) said.push(bytes(record.value));
          await using file = await call.openFile(join(folder, "capstan.sqlite"));
          said.push(file.read((db) => db.all<{ v: string }>("SELECT v FROM t").map(({ v }) => v).join("+")));
          await assert.rejects(call.admin("/healthz"), /none runs there/);
          return 3;
        },
      });
      return { start: () => void said.push("started") };
    },
  };
  await withHost([plugin], async ({ host, folder: at }) => {
    folder = at;
    host.register();
    assert.deepEqual(host.commands.map(({ plugin, command }) => [plugin, command.path]), [["p", "do it"]]);
    const input = {
      args: ["word"],
      options: {},
      stdout: silent,
      stderr: silent,
      signal: new AbortController().signal,
    };
    assert.equal(await host.runCommand("do it", input), 3);
    assert.deepEqual(said, ["word", "0", '"x"', '"y"', "word+with"]);
    await assert.rejects(host.runCommand("undo", input), /no plugin has such a command/);
  });
});

Deno.test("a command that makes no file refuses one that is missing, and leaves none", async () => {
  const silent = { write: async () => {}, isTerminal: false, columns: 80 };
  const plugin: Plugin = {
    name: "p",
    setup: (ctx) => ctx.command({ path: "look", doc: "Looks.", run: () => Promise.resolve() }),
  };
  await withHost([plugin], async ({ host, folder }) => {
    const signal = new AbortController().signal;
    const input = { args: [], options: {}, stdout: silent, stderr: silent, signal };
    await assert.rejects(host.runCommand("look", input), /there is no such file; check the path/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("a command that writes is refused while the disk is nearly full, and goes on when there is room", async () => {
  let free = 999;
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      ctx.store([{ version: 1, name: "t", up: (tx) => tx.run("CREATE TABLE t (v)") }]);
      ctx.command({
        path: "fill",
        doc: "Fills.",
        creates: true,
        run: async (call) => {
          await call.commit((tx) => void tx.run("INSERT INTO t VALUES (1)"));
          await call.publish([{ topic: "in", value: "x" }]);
        },
      });
      ctx.command({
        path: "beside",
        doc: "Publishes.",
        run: async (call) => void await call.publish([{ topic: "in", value: "x" }]),
      });
    },
  };
  const settings = { store: { min_free_disk: 1_000 }, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };
  await withHost([plugin], async ({ host }) => {
    host.register();
    const silent = { write: async () => {}, isTerminal: false, columns: 80 };
    const signal = new AbortController().signal;
    const input = { args: [], options: {}, stdout: silent, stderr: silent, signal };
    for (const path of ["fill", "beside"]) {
      await assert.rejects(host.runCommand(path, input), {
        name: "StoreError",
        failure: "full",
        message:
          /^Cannot write to .*capstan\.sqlite: 999 bytes of disk are free, below store\.min_free_disk \(1000\); make room and start again$/,
      });
    }
    free = 1_000;
    assert.equal(await host.runCommand("fill", input), 0);
  }, { settings, parts: { freeDisk: () => Promise.resolve(free) } });
});

Deno.test("a command that works without the file opens none, and is refused the store and the log", async () => {
  const silent = { write: async () => {}, isTerminal: false, columns: 80 };
  let runs = 0;
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.command({
        path: "look",
        doc: "Looks.",
        withoutFile: ["from"],
        run: async (call) => {
          runs++;
          assert.throws(() => call.store.read(() => 1), /Cannot read the store for p: it is not open/);
          await assert.rejects(call.publish([]), /Cannot publish for p: .* works without the file/);
          await assert.rejects(call.commit(() => {}), /Cannot commit for p/);
          assert.throws(() => call.records("in"), /Cannot read in for p/);
          await assert.rejects(call.admin("/healthz"), /none runs there/);
          await assert.rejects(call.openFile("/nowhere/at/all"), /there is no such file/);
        },
      });
    },
  };
  await withHost([plugin], async ({ host, folder }) => {
    host.register();
    const input = { args: [], stdout: silent, stderr: silent, signal: new AbortController().signal };
    assert.equal(await host.runCommand("look", { ...input, options: { from: "x" } }), 0);
    assert.equal(runs, 1);
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /sqlite/.test(name)),
      [],
    );
    await assert.rejects(host.runCommand("look", { ...input, options: {} }), /there is no such file/);
  });
});
