import assert from "node:assert/strict";
import { plugins } from "../../../../plugins/mod.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { openShop } from "../../../lib/cli/shop.ts";

const DAY = 24 * 3_600_000;
/** Partitions, copies and days; one broker holds one copy. */
const NINE: Readonly<Record<string, readonly [number, number, number]>> = {
  "ai-feedback-events": [6, 1, 7],
  "ai-learning-signals": [3, 1, 7],
  "ai-insights": [3, 1, 7],
  "agent-thinking-events": [6, 1, 7],
  "agent-decision-events": [6, 1, 7],
  "agent-trace-events": [6, 1, 7],
  "agent-metrics-events": [3, 1, 7],
  "query-lineage-events": [3, 1, 30],
  "audit-events": [6, 1, 90],
};

interface Listed {
  name: string;
  partitions: number;
  replication: number;
  settings: Record<string, string>;
}

Deno.test({
  name:
    "topics apply makes the nine topics with their settings, and says how many copies a small cluster can have",
  ignore: withoutKafka,
}, async () => {
  await using broker = await sharedBroker();
  await using at = await openShop();
  const prefix = `${crypto.randomUUID().slice(0, 8)}-`;
  const config = (more = "") =>
    at.configure(`
[kafka]
bootstrap_servers = ["${broker.bootstrap}"]
[plugins.tapes]
enabled = false
[plugins.insights]
enabled = true
topic_prefix = "${prefix}"
${more}
`);
  const capstan = (...argv: string[]) => at.capstan(argv, { plugins: [...plugins] });
  await config();
  const { code, error } = await capstan("topics", "apply");
  assert.equal(code, 0, error);
  assert.match(
    error,
    /^\d+ topics asked for more copies than there are brokers and get 1: the cluster has 1 broker$/m,
  );
  const { topics }: { topics: Listed[] } = JSON.parse((await capstan("topics", "list", "--json")).out);
  const found = topics.filter(({ name }) => name.startsWith(prefix) && !name.endsWith(".dlq"));
  assert.deepEqual(
    Object.fromEntries(
      found.map(({ name, partitions, replication, settings }) => [
        name.slice(prefix.length),
        [partitions, replication, Number(settings["retention.ms"]) / DAY],
      ]),
    ),
    // What rules did by the clock is for the agents alone.
    { ...NINE, "insights.clock.v1": [6, 1, 45] },
  );
  assert.equal((await capstan("topics", "plan", "--exit-code")).code, 0);

  // What the configuration asks for is not lowered behind its back.
  await config(`[topics."${prefix}ai-insights"]\nname = "${prefix}more"\nreplication = 3`);
  const refused = await capstan("topics", "apply");
  assert.equal(refused.code, 1);
  assert.match(refused.error, /it asks for 3 copies, and the cluster has 1 broker/);
});
