import assert from "node:assert/strict";
import { KafkaBus } from "../../lib/bus/kafka/kafka_bus.ts";
import { openStore } from "../../lib/store/open_store.ts";
import { startBroker } from "../kafka/broker.ts";
import { withoutKafka } from "../kafka/for_tests.ts";
import { silent } from "../lib/bus/kafka/bench.ts";
import { tables } from "../plugins/insights/rebuild/scenario.ts";
import { capstan } from "./capstan.ts";
import { type Contents, doubled } from "./insights_hour/contents.ts";
import { assertHour } from "./insights_hour/golden_hour.ts";
import { type Hour, openHour } from "./insights_hour/hour.ts";

/** Has an agent make its state anew; gives what it says. */
async function rebuild(dir: string): Promise<string> {
  const { code, out, error } = await capstan({ args: ["insights", "rebuild", "--config-dir", dir] });
  assert.equal(code, 0, error);
  assert.match(out, /^insights_turns +\d+ rows before, \d+ after$/m);
  return out;
}

/** What the topics hold, without the audit of asking for it. */
async function finished(hour: Hour): Promise<Contents> {
  return withoutRebuilds(await hour.finish());
}

function withoutRebuilds(contents: Contents): Contents {
  const audits = contents["audit-events"] ?? [];
  return {
    ...contents,
    "audit-events": audits.filter((event) => !JSON.stringify(event).includes("/v1/insights/rebuild")),
  };
}

async function assertOnce(hour: Hour): Promise<void> {
  const contents = await finished(hour);
  await assertHour(contents, hour);
  assert.deepEqual(doubled(contents), []);
}

/** As it was, when the clock has gone on and been looked at. */
async function assertSaidOnce(hour: Hour): Promise<void> {
  const contents = withoutRebuilds(await hour.probe());
  await assertHour(contents, hour);
  assert.deepEqual(doubled(contents), []);
}

async function rowsOf(file: string): Promise<unknown> {
  await using store = await openStore({ file, readOnly: true });
  return store.read(tables);
}

Deno.test("a scripted hour with rebuilds gives the same events, each once, and the same tables, on the embedded log", async () => {
  await using hour = await openHour();
  const [dir = ""] = hour.dirs;
  await hour.play({ before: "tickets-2", act: async () => void await rebuild(dir) });
  await assertOnce(hour);
  const before = await rowsOf(hour.file);
  await rebuild(dir);
  assert.deepEqual(await rowsOf(hour.file), before);
  await assertSaidOnce(hour);
  assert.equal(await hour.stop(), 0, hour.said());
});

Deno.test(
  { name: "a scripted hour on Apache Kafka with partitions that move", ignore: withoutKafka },
  async (t) => {
    await using broker = await startBroker();
    await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log: silent });
    const kafka = { bus, bootstrap: broker.bootstrap };

    await t.step(
      "to an agent with a file of its own and back, rebuilt in between: each event once",
      async () => {
        await using hour = await openHour({ kafka, agents: 2 });
        const [first = "", second = ""] = hour.dirs;
        await hour.play({
          before: "tickets-2",
          act: async () => {
            await hour.without(async () => void await rebuild(second));
            await rebuild(first);
          },
        });
        await assertOnce(hour);
        // What one agent did by the clock is known to the other.
        await hour.without(async () => void await rebuild(second));
        await assertSaidOnce(hour);
        assert.equal(await hour.stop(), 0, hour.said());
      },
    );

    await t.step("with kill -9 of an agent that is rebuilding: each event once", async () => {
      await using hour = await openHour({ kafka, agents: 2 });
      await hour.play({
        before: "tickets-2",
        act: async () => {
          const asked = capstan({ args: ["insights", "rebuild", "--config-dir", hour.dirs[0] ?? ""] });
          await hour.killAndStart();
          await asked;
        },
      });
      await assertOnce(hour);
      assert.equal(await hour.stop(), 0, hour.said());
    });
  },
);
