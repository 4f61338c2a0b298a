import assert from "node:assert/strict";
import { createRemoteMeter } from "../../../lib/telemetry/remote_meter.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { metricsTable } from "../../../lib/telemetry/metrics_table.ts";

Deno.test("createMeter() prints counters, gauges and histograms in Prometheus' format", async () => {
  const meter = createMeter();
  const calls = meter.counter({ name: "calls_total", help: "Calls.", labels: ["status"] });
  calls.inc({ status: "200" });
  calls.inc({ status: "200" }, 2);
  calls.inc({ status: "500" });
  meter.counter({ name: "plain_total", help: "Plain." });
  meter.gauge({ name: "depth", help: "Depth.", collect: () => 7 });
  meter.histogram({ name: "seconds", help: "Time.", buckets: [1, 2] }).observe(1.5);
  const text = await meter.text();
  assert.match(text, /calls_total\{status="200"\} 3\n/);
  assert.match(text, /calls_total\{status="500"\} 1\n/);
  assert.match(text, /plain_total 0\n/);
  assert.match(text, /depth 7\n/);
  assert.match(text, /seconds_bucket\{le="2"\} 1\n/);
  assert.equal(await meter.text(), text, "reading twice counts nothing twice");
});

Deno.test("two meters share nothing", async () => {
  createMeter().counter({ name: "a_total", help: "A." }).inc();
  assert.equal(await createMeter().text(), "\n");
});

Deno.test("asking twice for one metric in one scope gives the same one", () => {
  const scope = createMeter().scope("capstan_x_");
  assert.equal(
    scope.counter({ name: "a_total", help: "A." }),
    scope.counter({ name: "a_total", help: "A." }),
  );
});

Deno.test("a metric of another scope, kind or label set under the same name is refused", () => {
  const meter = createMeter();
  meter.scope("capstan_a_").counter({ name: "b_c", help: "." });
  assert.throws(() => meter.scope("capstan_a_b_").counter({ name: "c", help: "." }), /capstan_a_b_c/);
  assert.throws(() => meter.scope("capstan_a_").gauge({ name: "b_c", help: "." }), /has a counter/);
  assert.throws(() => meter.scope("capstan_a_").counter({ name: "b_c", help: ".", labels: ["x"] }), /labels/);
});

Deno.test("what another thread measured is added to the metrics of the same scope and name", async () => {
  const meter = createMeter();
  const there = createRemoteMeter();
  const kind = { name: "derived_total", help: "D.", labels: ["kind"] };
  meter.scope("capstan_t_").counter(kind).inc({ kind: "a" });
  const remote = there.scope("capstan_t_");
  remote.counter(kind).inc({ kind: "a" }, 3);
  remote.counter(kind).inc({ kind: "a" });
  remote.gauge({ name: "depth", help: "." }).set(4);
  remote.histogram({ name: "seconds", help: ".", buckets: [1] }).observe(0.5);
  meter.record(structuredClone(there.take()));
  assert.deepEqual(there.take(), []);
  const text = await meter.text();
  assert.match(text, /capstan_t_derived_total\{kind="a"\} 5/);
  assert.match(text, /capstan_t_depth 4/);
  assert.match(text, /capstan_t_seconds_count 1/);
});

Deno.test("a counter refuses to shrink", () => {
  assert.throws(
    () => createMeter().counter({ name: "a_total", help: "." }).inc(undefined, -1),
    /only grow/,
  );
});

Deno.test("a gauge's series are what its collector gives; those it no longer gives are forgotten", async () => {
  const meter = createMeter();
  let found = [{ labels: { topic: "a" }, value: 1 }, { labels: { topic: "b" }, value: 2 }];
  meter.gauge({ name: "depth", help: "Depth.", labels: ["topic"], collect: () => Promise.resolve(found) });
  assert.match(await meter.text(), /depth\{topic="a"\} 1\ndepth\{topic="b"\} 2\n/);
  found = [{ labels: { topic: "b" }, value: 3 }];
  const text = await meter.text();
  assert.match(text, /depth\{topic="b"\} 3\n/);
  assert.doesNotMatch(text, /topic="a"/);
});

Deno.test("list() gives every metric with its labels, another thread's too before they count", async () => {
  const meter = createMeter();
  const there = createRemoteMeter();
  meter.histogram({ name: "z_seconds", help: "Time." });
  there.scope("t_").counter({ name: "a_total", help: "A.", labels: ["kind"] });
  there.counter({ name: "plain_total", help: "P." });
  meter.record(structuredClone(there.take()));
  assert.deepEqual(meter.list(), [
    { name: "plain_total", kind: "counter", help: "P.", labels: [] },
    { name: "t_a_total", kind: "counter", help: "A.", labels: ["kind"] },
    { name: "z_seconds", kind: "histogram", help: "Time.", labels: [] },
  ]);
  const text = await meter.text();
  assert.match(text, /^plain_total 0$/m);
  assert.doesNotMatch(text, /^t_a_total/m);
  assert.deepEqual(there.take(), []);
});

Deno.test("metricsTable() has a row for each metric", () => {
  const meter = createMeter();
  meter.counter({ name: "calls_total", help: "Calls | tunnels.", labels: ["status", "kind"] });
  assert.equal(
    metricsTable(meter.list()),
    "| Metric | Kind | Labels | What it says |\n| --- | --- | --- | --- |\n" +
      "| `calls_total` | counter | `status`, `kind` | Calls \\| tunnels. |\n",
  );
});
