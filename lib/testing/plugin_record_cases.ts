import assert from "node:assert/strict";
import type { PluginCase } from "./plugin_case.ts";
import { refuse } from "./plugin_setup_cases.ts";
import type { TestAgent } from "./test_agent_contract.ts";

/** Milliseconds of the clock in which what was kept of a batch would be used. */
const LATER_MS = 3_600_000;
/** Tables that are the agent's. */
const OWN = /^(log_|relay_|bus_fences$|capstan_|sqlite_)/;

/** When the agent dies over a batch: before anything of it is stored, and on a bus like Kafka between rows and bus. */
const DEATHS = [
  { bus: "local", at: "result", when: "a batch came again" },
  { bus: "remote", at: "commit", when: "the agent died between rows and bus" },
] as const;

/** What holds of records that its streams handle. */
export const RECORD_CASES: readonly PluginCase[] = [
  {
    name: "its records are handled, and none of them is given up",
    needs: "records",
    async run(bench) {
      await using agent = await bench.agent();
      await bench.deliver(agent);
      const letters = Object.keys(bench.subject.records).flatMap((topic) => agent.deadLetters(topic));
      refuse(
        letters,
        ({ topic, offset, error }) => `a record was given up (${topic}, offset ${offset}): ${error}`,
      );
    },
  },
  {
    name: "a stop lets what is under way be finished",
    needs: "records",
    async run(bench) {
      await using watched = await bench.observed();
      const { agent, observer } = watched;
      const begun = Promise.withResolvers<void>();
      observer.onBatch = begun.resolve;
      const delivered = bench.deliver(agent);
      await Promise.race([begun.promise, delivered]);
      await agent.restart();
      await delivered;
      const letters = Object.keys(bench.subject.records).flatMap((topic) => agent.deadLetters(topic));
      refuse(letters, ({ error }) => `a record was given up while the agent stopped: ${error}`);
    },
  },
  {
    name: "after a restart it goes on where it was",
    needs: "records",
    async run(bench) {
      await using watched = await bench.observed();
      const { agent, observer } = watched;
      await bench.deliver(agent);
      await agent.restart();
      await agent.settled();
      const [first = 0, second = 0] = observer.handled;
      assert.equal(
        second,
        0,
        `${second} of the ${first} records handled before the restart were handled again`,
      );
      await bench.deliver(agent);
      const third = observer.handled[1];
      assert.equal(third, first, `of ${first} records after the restart ${third} were handled`);
    },
  },
  {
    name: "a batch whose result was lost comes again, and has its effect once",
    needs: "once",
    async run(bench) {
      await using plain = await bench.agent();
      await bench.deliver(plain);
      const wanted = effectsOf(plain);
      for (const { bus, at, when } of DEATHS) {
        await using killed = await bench.agent(bench.subject.plugin, bus);
        for (const [topic, records] of Object.entries(bench.subject.records)) {
          killed.faults.killHandler({ topic, at });
          await killed.deliver(topic, records);
        }
        const found = effectsOf(killed);
        refuse(
          [...new Set([...wanted.keys(), ...found.keys()])].filter((what) =>
            wanted.get(what) !== found.get(what)
          ),
          (what) =>
            `${what}: ${found.get(what) ?? 0} instead of ${wanted.get(what) ?? 0} after ${when}; ` +
            "a handler stores by what it returns (write, outputs), not by itself",
        );
      }
    },
  },
  {
    name: "it keeps and changes no batch that is done",
    needs: "records",
    async run(bench) {
      await using watched = await bench.observed();
      const { agent, observer } = watched;
      await bench.deliver(agent);
      observer.close();
      await bench.deliver(agent);
      await agent.clock.advance(LATER_MS);
      refuse([...observer.kept], (what) => `it reads ${what} after that was done: copy what you need of it`);
      refuse(
        observer.changed(),
        (what) => `it changes ${what} after that was done: copy what you need of it`,
      );
    },
  },
];

/** Rows of the plugin's tables and records of its topics, counted: what is in them may differ by chance. */
function effectsOf(agent: TestAgent): Map<string, number> {
  const effects = agent.store.read((db) => {
    const tables = db.all<{ name: string }>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') ORDER BY name",
    ).filter(({ name }) => !OWN.test(name));
    return new Map(tables.map(({ name }) => [
      `rows of table ${name}`,
      db.get<{ rows: number }>(`SELECT count(*) AS rows FROM "${name.replaceAll('"', '""')}"`)?.rows ?? 0,
    ]));
  });
  for (const { topic } of agent.published()) {
    const what = `records of topic ${topic}`;
    effects.set(what, (effects.get(what) ?? 0) + 1);
  }
  return effects;
}
