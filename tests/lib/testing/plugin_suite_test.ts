import assert from "node:assert/strict";
import type { Batch, Plugin, PluginContext, PluginHooks } from "../../../lib/plugin/contract.ts";
import type { SettingsSchema } from "../../../lib/config/schema.ts";
import { PluginBench } from "../../../lib/testing/plugin_case.ts";
import { PLUGIN_CASES } from "../../../lib/testing/plugin_cases.ts";
import { testPlugin } from "../../../lib/testing/plugin_suite.ts";

const settings = {
  suffix: { type: "string", default: "!", oneOf: ["!", "?"], doc: "What is added." },
  most: { type: "integer", default: 3, min: 1, max: 9, doc: "Words at most." },
  loud: { type: "boolean", default: false, doc: "In capitals." },
} as const;

const records = { "words.v1": [{ value: { word: "a" } }, { value: { word: "b" } }] };

/** Nothing is wrong with it. */
const sound: Plugin<typeof settings> = {
  name: "sound",
  config: settings,
  setup(ctx, config) {
    ctx.topic({ name: "said.v1", partitions: 1 });
    const store = ctx.store([{
      version: 1,
      name: "words",
      up: (tx) => void tx.run("CREATE TABLE sound_words (word TEXT NOT NULL)"),
    }]);
    const handled = ctx.counter({ name: "handled_total", help: "Words handled.", labels: ["kind"] });
    ctx.stream<{ word: string }>({ topics: ["words.v1"] }, (batch) => ({
      outputs: batch.records.map((record) => (
        { topic: "said.v1", value: record.data.word + config.suffix, from: record }
      )),
      write(tx) {
        // Looks at the batch in the transaction, which is before it is done.
        for (const { data } of batch.records) tx.run("INSERT INTO sound_words VALUES (?)", data.word);
        handled.inc({ kind: "word" }, batch.records.length);
      },
    }));
    ctx.command({
      path: "sound",
      doc: "Prints words.",
      options: [{ flags: "--all", doc: "All of them." }],
      run: () => Promise.resolve(),
    });
    const ending = new AbortController();
    let looping: Promise<void> | undefined;
    return {
      start() {
        looping = (async () => {
          while (!ending.signal.aborted) {
            await ctx.sleep(60_000, ending.signal);
            if (!ending.signal.aborted) store.read((db) => db.all("SELECT * FROM sound_words"));
          }
        })();
      },
      async stop() {
        ending.abort();
        await looping;
      },
      health: () => ({ status: "ok" }),
    };
  },
};

testPlugin(sound, { records });

interface Bug {
  /** The case that must fail. */
  sentence: string;
  /** What it must say. */
  says: RegExp;
  /** Milliseconds after which waiting fails, where that is how it is found. Default: far above what anything takes. */
  deadlineMs?: number;
  config?: SettingsSchema;
  setup(ctx: PluginContext, config: Readonly<Record<string, unknown>>): PluginHooks | void;
}

const table = {
  version: 1,
  name: "t",
  up: (tx: { run(sql: string): unknown }) => void tx.run("CREATE TABLE bad_t (n)"),
};
const read = { topics: ["words.v1"] };

/** As a plugin in plain JavaScript gives it. */
const untyped = (hooks: object): PluginHooks => hooks;

const bugs: readonly Bug[] = [
  {
    sentence: "setup() throws nothing on its settings, and registers the same each time",
    says: /Expected values to be strictly deep-equal/,
    setup: (ctx) => ctx.topic({ name: `random-${Math.random()}`, partitions: 1 }),
  },
  {
    sentence: "setup() does no I/O, begins nothing and uses nothing that is open from start on alone",
    says: /setup\(\) calls Deno\.readTextFileSync: do it in start\(\)/,
    setup: () => void Deno.readTextFileSync(new URL(import.meta.url)),
  },
  {
    sentence: "setup() does no I/O, begins nothing and uses nothing that is open from start on alone",
    says: /setup\(\) calls setInterval: do it in start\(\)/,
    setup: () => clearInterval(setInterval(() => {}, 1_000)),
  },
  {
    sentence: "setup() does no I/O, begins nothing and uses nothing that is open from start on alone",
    says: /setup\(\) calls ctx\.append\(\): do it in start\(\)/,
    setup: (ctx) => void ctx.append("words.v1", { value: 1 }).catch(() => {}),
  },
  {
    sentence: "setup() takes what its schema takes: each bound, each choice, yes and no",
    says: /setup\(\) refuses most = 0, which its schema takes: say so in the schema/,
    config: { most: { type: "integer", default: 1, min: 0, doc: "Most." } },
    setup(_ctx, { most }) {
      if (most === 0) throw new RangeError("Cannot take 0");
    },
  },
  {
    sentence: "its topics can be made on Kafka",
    says: /topic "what was said" has a name that Kafka refuses/,
    setup: (ctx) => ctx.topic({ name: "what was said", partitions: 1 }),
  },
  {
    sentence: "its metrics have names as Prometheus has them, and say what they count",
    says: /counter handled: its name must end in _total\nmetric handled: its help is empty/,
    setup: (ctx) => void ctx.counter({ name: "handled", help: " " }),
  },
  {
    sentence: "its commands say what they do, with each of their arguments and options",
    says: /command "bad" has no doc\n<word> of "bad" has no doc\n--all of "bad" has no doc/,
    setup: (ctx) =>
      ctx.command({
        path: "bad",
        doc: "",
        args: [{ name: "<word>", doc: "" }],
        options: [{ flags: "--all", doc: "" }],
        run: () => Promise.resolve(),
      }),
  },
  {
    sentence: "it starts in an agent, is well, and stops within its time",
    says: /bad has failed: no power/,
    setup: () => ({ health: () => ({ status: "failed", detail: "no power" }) }),
  },
  {
    sentence: "it starts in an agent, is well, and stops within its time",
    says: /Cannot restart the agent: it did not stop in order: stop of bad: .*can't end/,
    setup: () => ({
      stop() {
        throw new Error("it can't end");
      },
    }),
  },
  {
    sentence: "it starts in an agent, is well, and stops within its time",
    says:
      /Cannot restart the agent: it did not stop in order: drain of bad: the 40000 ms for stopping are over/,
    deadlineMs: 4_000,
    setup: () => ({ drain: () => new Promise(() => {}) }),
  },
  {
    sentence: "a second agent starts on the file that the first one left",
    says: /Cannot start plugin bad: .*UNIQUE constraint failed/,
    setup(ctx) {
      const store = ctx.store([{
        version: 1,
        name: "t",
        up: (tx) => void tx.run("CREATE TABLE bad_t (n PRIMARY KEY)"),
      }]);
      return { start: () => store.write((tx) => void tx.run("INSERT INTO bad_t VALUES (1)")) };
    },
  },
  {
    sentence: "stop() is safe before start() and twice",
    says: /stop\(\) before start\(\) throws: TypeError/,
    setup() {
      const begun = new Map<string, () => void>();
      return {
        start: () => void begun.set("loop", () => {}),
        stop() {
          const end = begun.get("loop");
          if (!end) throw new TypeError("nothing was begun");
          end();
        },
      };
    },
  },
  {
    sentence: "health() answers at once, at any time",
    says: /health\(\) gives a promise before start\(\)/,
    setup: () => untyped({ health: () => Promise.resolve({ status: "ok" }) }),
  },
  {
    sentence: "health() answers at once, at any time",
    says: /health\(\) gives status "fine" before start\(\): ok, degraded or failed/,
    setup: () => untyped({ health: () => ({ status: "fine" }) }),
  },
  {
    sentence: "after stop() nothing of it goes on",
    says: /it calls ctx\.append\(\) after its stop\(\): end what you began in start\(\)/,
    setup: (ctx) => ({
      start() {
        const loop = async () => {
          for (let turn = 0; turn < 5; turn++) {
            await ctx.sleep(600_000);
            await ctx.append("words.v1", { value: turn }).catch(() => {});
          }
        };
        void loop();
      },
    }),
  },
  {
    sentence: "its records are handled, and none of them is given up",
    says: /a record was given up \(words\.v1\.dlq, offset 0\): no words/,
    setup: (ctx) =>
      void ctx.stream(read, () => {
        throw new Error("no words");
      }),
  },
  {
    sentence: "a stop lets what is under way be finished",
    says: /it did not stop in order: .*stream bad\/bad: the 40000 ms for stopping are over/,
    deadlineMs: 4_000,
    setup(ctx) {
      const open = { still: true };
      ctx.stream(read, ({ signal }) => {
        if (!open.still) return;
        open.still = false;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      });
    },
  },
  {
    sentence: "after a restart it goes on where it was",
    says: /of 2 records after the restart 0 were handled|has not handled 2 records/,
    deadlineMs: 4_000,
    setup(ctx) {
      const store = ctx.store([table]);
      const stream = ctx.stream(read, () => ({ write: (tx) => void tx.run("INSERT INTO bad_t VALUES (1)") }));
      return {
        start() {
          if (store.read((db) => db.get("SELECT 1 FROM bad_t"))) stream.pause();
        },
      };
    },
  },
  {
    sentence: "a batch whose result was lost comes again, and has its effect once",
    says: /rows of table bad_t: 4 instead of 2 after a batch came again; a handler stores by what it returns/,
    setup(ctx) {
      const store = ctx.store([table]);
      ctx.stream(read, async (batch) => {
        for (const { offset } of batch.records) {
          await store.write((tx) => void tx.run("INSERT INTO bad_t VALUES (?)", offset));
        }
      });
    },
  },
  {
    sentence: "a batch whose result was lost comes again, and has its effect once",
    says: /records of topic said\.v1: 2 instead of 1 after a batch came again/,
    setup(ctx) {
      ctx.topic({ name: "said.v1", partitions: 1 });
      ctx.stream(read, async () => void await ctx.append("said.v1", { value: 1 }));
    },
  },
  {
    sentence: "it keeps and changes no batch that is done",
    says: /it reads offset 0 of words\.v1\/0 after that was done: copy what you need of it/,
    setup(ctx) {
      const all: Batch["records"][number][] = [];
      ctx.stream(read, (batch) => {
        for (const { key } of all) ctx.log.info(`${key}`);
        all.push(...batch.records);
      });
    },
  },
  {
    sentence: "it keeps and changes no batch that is done",
    says: /it changes offset 0 of words\.v1\/0 after that was done: copy what you need of it/,
    setup(ctx) {
      const all: { word?: string }[] = [];
      ctx.stream<{ word?: string }>(read, (batch) => {
        for (const data of all) delete data.word;
        for (const { data } of batch.records) all.push(data);
      });
    },
  },
];

for (const { sentence, says, deadlineMs, config, setup } of bugs) {
  Deno.test(`a planted bug is found by "${sentence}": ${says.source.slice(0, 60)}`, async () => {
    const plugin: Plugin = { name: "bad", ...(config && { config }), setup };
    const bench = new PluginBench({ plugin, config: {}, records, topics: [], deadlineMs });
    const found = PLUGIN_CASES.find(({ name }) => name === sentence);
    assert.ok(found, `no case is "${sentence}"`);
    await assert.rejects(async () => await found.run(bench), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("a default export that is no plugin is told so", async () => {
  const [first] = PLUGIN_CASES;
  const plugin: Plugin = JSON.parse('{ "name": "No" }');
  const bench = new PluginBench({ plugin, config: {}, records: {}, topics: [] });
  await assert.rejects(async () => await first?.run(bench), /it has no setup\(ctx, config\)/);
});

Deno.test("every case has a planted bug that it finds, but for those that ask the agent's own code", () => {
  const shown = new Set(bugs.map(({ sentence }) => sentence));
  assert.deepEqual(PLUGIN_CASES.map(({ name }) => name).filter((name) => !shown.has(name)), [
    "its default export is a plugin, and its settings' schema is sound",
    "a setting it does not have, and a value of another kind, are refused by their names",
  ]);
});

Deno.test("a case can be skipped by its sentence alone", () => {
  assert.throws(
    () => testPlugin(sound, { skip: { "no such sentence": "why" } }),
    /none is "no such sentence"/,
  );
});
