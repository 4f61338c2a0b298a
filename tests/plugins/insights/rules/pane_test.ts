import assert from "node:assert/strict";
import fc from "fast-check";
import { type Evidence, mergeEvidence } from "../../../../plugins/insights/rules/evidence.ts";
import {
  addHistogram,
  type Histogram,
  histogramOf,
  histogramText,
  observe,
  quantile,
  RELATIVE_ERROR,
} from "../../../../plugins/insights/rules/histogram.ts";
import { addPane, addSample, emptyPane, type Pane } from "../../../../plugins/insights/rules/pane.ts";

const amounts = fc.array(fc.integer({ min: 0, max: 99_999 }).map((n) => n / 7), {
  minLength: 1,
  maxLength: 60,
});

function paneOf(amounts: readonly number[]): Pane {
  const pane = emptyPane();
  for (const amount of amounts) {
    const sample = { group: {}, bad: true, amount, node: String(Math.round(amount) % 30) };
    addSample(pane, { kind: "latency" }, { sample, timeMs: Math.round(amount * 1_000) });
  }
  return pane;
}

Deno.test("a pane is the same in whichever order and parts it is added up", () =>
  fc.assert(
    fc.property(amounts, fc.nat(), (all, at) => {
      const middle = at % all.length;
      const parts = paneOf(all.slice(middle).reverse());
      addPane(parts, paneOf(all.slice(0, middle)));
      const whole = paneOf(all);
      const plain = (pane: Pane) => ({ ...pane, histogram: histogramText(pane.histogram) });
      assert.deepEqual(plain(parts), plain(whole));
    }),
  ));

Deno.test("any quantile is right to within the relative error", () =>
  fc.assert(
    fc.property(amounts, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const histogram: Histogram = new Map();
      for (const amount of all) observe(histogram, amount);
      const exact = [...all].sort((a, b) => a - b)[Math.floor(share * (all.length - 1))] ?? 0;
      const found = quantile(histogramOf(histogramText(histogram)), share);
      assert.ok(Math.abs(found - exact) <= exact * (RELATIVE_ERROR + 1e-9), `${found} instead of ${exact}`);
    }),
  ));

Deno.test("histograms of a day's range have fewer than a thousand buckets, and none has the quantile 0", () => {
  const histogram: Histogram = new Map();
  for (let ms = 1; ms < 86_400_000; ms *= 1.001) observe(histogram, ms);
  assert.ok(histogram.size < 1_000, String(histogram.size));
  addHistogram(histogram, histogram);
  assert.equal(quantile(new Map(), 0.95), 0);
});

Deno.test("evidence keeps the newest twenty, each node once by its newest time, however it is merged", () => {
  const some = fc.array(fc.tuple(fc.nat(50), fc.nat(30).map(String)), { maxLength: 60 });
  fc.assert(
    fc.property(some, fc.nat(), (all: Evidence[], at) => {
      const middle = at % (all.length + 1);
      const parts = mergeEvidence(mergeEvidence(all.slice(middle)), mergeEvidence(all.slice(0, middle)));
      assert.deepEqual(parts, mergeEvidence([...all].reverse()));
      assert.ok(parts.length <= 20);
      for (const [timeMs, hash] of parts) {
        assert.equal(timeMs, Math.max(...all.filter((each) => each[1] === hash).map(([ms]) => ms)));
      }
    }),
  );
});
