import assert from "node:assert/strict";
import fc from "fast-check";
import * as prom from "prom-client";
import { createMeter } from "../../../lib/telemetry/meter.ts";

const BUCKETS = [0.001, 0.5, 1, 10];
const value = fc.oneof(
  fc.constantFrom(...BUCKETS, 0, -1),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const word = fc.constantFrom("a", "b", "");

Deno.test("a histogram prints what prom-client's own would, whatever was observed", async () => {
  const observations = fc.array(fc.tuple(value, word, word), { maxLength: 20 });
  await fc.assert(fc.asyncProperty(observations, fc.integer({ min: 0, max: 2 }), async (all, width) => {
    const labels = ["topic", "group"].slice(0, width);
    const described = { name: "seconds", help: "Time.", buckets: BUCKETS };
    const registry = new prom.Registry();
    const theirs = new prom.Histogram({ ...described, labelNames: labels, registers: [registry] });
    const meter = createMeter();
    const ours = meter.histogram({ ...described, labels });
    for (const [observed, topic, group] of all) {
      const given = Object.fromEntries(Object.entries({ topic, group }).slice(0, width));
      theirs.observe(given, observed);
      ours.observe(observed, given);
    }
    assert.equal(await meter.text(), await registry.metrics());
  }));
});

Deno.test("a histogram adds up labels that are written the same", async () => {
  const meter = createMeter({ label: (text) => text.replace(/\d+/, "***") });
  const histogram = meter.histogram({ name: "s", help: "Time.", labels: ["who"], buckets: [1] });
  for (const who of ["key-1", "key-2"]) histogram.observe(2, { who });
  histogram.observe(0.5, { who: "key-2" });
  assert.deepEqual((await meter.text()).match(/^s.*/gm), [
    's_bucket{le="1",who="key-***"} 1',
    's_bucket{le="+Inf",who="key-***"} 3',
    's_sum{who="key-***"} 4.5',
    's_count{who="key-***"} 3',
  ]);
});

Deno.test("a histogram refuses what is no finite number", () => {
  const histogram = createMeter().histogram({ name: "s", help: "Time." });
  for (const wrong of [NaN, Infinity, -Infinity]) assert.throws(() => histogram.observe(wrong), TypeError);
});
