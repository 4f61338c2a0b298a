import assert from "node:assert/strict";
import { join } from "node:path";
import { withHost } from "../plugin/rig.ts";
import { assertGolden } from "./golden_text.ts";
import { openShop, type shop } from "./shop.ts";

Deno.test("topics list, plan and apply on the log: from nothing to what is declared", async () => {
  await using at = await openShop();
  const said = await at.session([
    "topics list",
    "topics plan",
    "topics plan --exit-code",
    "topics apply",
    "topics list",
    "topics plan --exit-code",
    "topics apply",
  ]);
  await assertGolden(said, "topics_from_nothing.txt");
});

Deno.test("topics plan reads a file that is not there yet as empty, and makes none", async () => {
  await using at = await openShop();
  assert.equal((await at.capstan(["topics", "plan"])).code, 0);
  assert.equal((await at.capstan(["topics", "list"])).code, 0);
  assert.deepEqual([...Deno.readDirSync(at.dir)], []);
});

Deno.test("topics apply makes what the configuration changed, and says what it can't do", async () => {
  await using at = await openShop();
  await at.capstan(["topics", "apply"]);
  await at.configure(`
[topics."shop.orders"]
partitions = 6
retention = "1d"

[topics."shop.prices".settings]
cleanup.policy = "compact,delete"
"min.compaction.lag.ms" = "60000"

[topics."shop.carts"]
partitions = 1
`);
  const said = await at.session([
    "topics plan",
    "topics list",
    "topics apply",
    "topics plan",
    "topics apply",
  ]);
  await assertGolden(said, "topics_changed.txt");
});

Deno.test("topics list --all shows what no plugin declares, and names in code beside real ones", async () => {
  await using at = await openShop();
  await at.configure('[topics."shop.orders"]\nname = "orders"\n');
  await at.capstan(["topics", "apply"]);
  await at.configure("");
  const { out } = await at.capstan(["topics", "list", "--all"]);
  assert.match(out, /^orders .* not declared$/m);
  assert.match(out, /^orders\.dlq .* not declared$/m);
  assert.match(out, /^shop\.orders .* missing$/m);
  await at.configure('[topics."shop.orders"]\nname = "orders"\n');
  assert.match((await at.capstan(["topics", "list"])).out, /^orders +shop\.orders +3 .* fine$/m);
});

Deno.test("a disabled plugin's topics are not declared", async () => {
  await using at = await openShop();
  await at.configure("[plugins.shop]\nenabled = false\n");
  assert.match((await at.capstan(["topics", "plan"])).out, /0 topics, no differences/);
});

Deno.test("topics apply asks on a terminal; anything but yes changes nothing", async () => {
  await using at = await openShop();
  for (const answer of ["n\n", "\n", ""]) {
    const { code, out, error } = await at.capstan(["topics", "apply"], { answer });
    assert.equal(code, 1, answer);
    assert.match(error, /Apply these changes\? \[y\/N\]/);
    assert.match(out, /nothing was changed/);
  }
  assert.match((await at.capstan(["topics", "plan"])).out, /4 to create/);
  assert.equal((await at.capstan(["topics", "apply"], { answer: "Yes\n" })).code, 0);
  assert.match((await at.capstan(["topics", "plan"])).out, /no differences/);
});

Deno.test("topics apply --yes does not ask", async () => {
  await using at = await openShop();
  const { code, error } = await at.capstan(["topics", "apply", "--yes"], { answer: "n\n" });
  assert.deepEqual({ code, error }, { code: 0, error: "" });
});

Deno.test("topics list, plan and apply as JSON", async () => {
  await using at = await openShop();
  const json = async (...argv: string[]) => JSON.parse((await at.capstan(["topics", ...argv, "--json"])).out);
  const plan = await json("plan");
  assert.deepEqual(plan.summary, { create: 4, change: 0, impossible: 0 });
  assert.deepEqual((await json("apply")).done, plan.changes);
  await at.configure('[topics."shop.orders"]\npartitions = 2\nretention = "forever"\n');
  const { topics } = await json("list");
  const { bytes, settings, ...orders } = topics[0];
  assert.equal(bytes, 0);
  assert.equal(settings["retention.ms"], "604800000");
  assert.deepEqual(orders, {
    topic: "shop.orders",
    name: "shop.orders",
    plugin: "shop",
    state: "differs",
    differences: [
      {
        topic: "shop.orders",
        kind: "impossible",
        detail: "partitions: 3 → 2; partitions can't be taken away",
        what: "partitions",
        from: "3",
        to: "2",
      },
      {
        topic: "shop.orders",
        kind: "change-setting",
        detail: "retention.ms: 604800000 (7 days) → -1 (for ever)",
        what: "retention.ms",
        from: "604800000",
        to: "-1",
      },
    ],
    partitions: 3,
    replication: 1,
    kept: 0,
    ever: 0,
  });
  const applied = await json("apply");
  assert.deepEqual(applied.done.map(({ what }: { what: string }) => what), ["retention.ms"]);
  assert.deepEqual(applied.remaining.map(({ what }: { what: string }) => what), ["partitions"]);
});

Deno.test("a running agent takes up the partitions that topics apply adds to its log", async () => {
  await using at = await openShop();
  const seen: { partition: number; value: unknown }[] = [];
  const reading = {
    name: "reader",
    setup(ctx: Parameters<typeof shop.setup>[0]) {
      ctx.topic({ name: "jobs", partitions: 1 });
      ctx.stream<string>({ topics: ["jobs"], group: "jobs", lingerMs: 0 }, (batch) => {
        seen.push(...batch.records.map(({ partition, keyText: value }) => ({ partition, value })));
      });
      const producer = ctx.producer("jobs");
      ctx.route("POST", "/jobs/:key", async (_, { key }) => Response.json(await producer.send({}, { key })));
    },
  };
  await withHost([reading], async ({ host }) => {
    await host.start();
    await at.configure('[topics."jobs"]\npartitions = 4\n');
    const { code, error } = await at.capstan(["topics", "apply"], { plugins: [reading] });
    assert.equal(code, 0, error);
    const until = performance.now() + 60_000;
    for (let n = 0; new Set(seen.map(({ partition }) => partition)).size < 4; n++) {
      assert.ok(performance.now() < until, `all partitions are read: ${JSON.stringify(seen)}`);
      await (await fetch(`${host.adminOrigin}/jobs/${n}`, { method: "POST" })).body?.cancel();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }, { storeFile: join(at.dir, "capstan.sqlite") });
});
