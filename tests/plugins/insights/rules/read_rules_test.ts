import assert from "node:assert/strict";
import { readRules } from "../../../../plugins/insights/rules/read_rules.ts";
import type { RuleSettings } from "../../../../plugins/insights/rules/default_rules.ts";

const MINUTE = 60_000;
const read = (rules: Readonly<Record<string, Partial<RuleSettings>>>, default_rules = false) =>
  readRules({ default_rules, rules: rules as Readonly<Record<string, RuleSettings>> });

Deno.test("the built-in rules hold, all but silence, and each has a window that its slide divides", () => {
  const rules = read({}, true);
  assert.deepEqual(rules.map(({ name }) => name), [
    "cost_spike",
    "error_rate",
    "failing_tool",
    "loop",
    "satisfaction_drop",
    "slow_answers",
  ]);
});

Deno.test("a built-in rule is changed key by key, and switched off, by its name", () => {
  const rules = read({
    error_rate: { threshold: 0.5, by: [] },
    slow_answers: { by: ["tenant"] },
    loop: { enabled: false },
    silence: { enabled: true, after: 5 * MINUTE },
  }, true);
  const byName = Object.fromEntries(rules.map((rule) => [rule.name, rule]));
  assert.deepEqual([byName.error_rate?.threshold, byName.error_rate?.by, byName.error_rate?.severity], [
    0.5,
    ["model"],
    "critical",
  ]);
  assert.deepEqual(byName.slow_answers?.by, []);
  assert.equal(byName.loop, undefined);
  assert.deepEqual([byName.silence?.windowMs, byName.silence?.threshold], [5 * MINUTE, 300]);
});

Deno.test("without the built-in rules those that are given hold alone, with each kind's own groups", () => {
  const [rule, ...others] = read({ mine: { kind: "loop", threshold: 3, by: ["agent"] } });
  assert.equal(others.length, 0);
  assert.deepEqual(rule, {
    name: "mine",
    kind: "loop",
    severity: "warning",
    threshold: 3,
    windowMs: 15 * MINUTE,
    slideMs: 15 * MINUTE,
    latenessMs: MINUTE,
    by: ["agent", "tool", "conversation"],
    minSamples: 1,
    baselineMs: undefined,
    baselineSamples: 1,
  });
});

for (
  const [key, rule] of [
    ["kind", {}],
    ["threshold", { kind: "error_rate" }],
    ["threshold", { kind: "error_rate", threshold: 20 }],
    ["threshold", { kind: "cost", threshold: 0 }],
    ["threshold", { kind: "satisfaction", threshold: -2 }],
    ["threshold", { kind: "silence", threshold: 1, after: MINUTE }],
    ["window", { kind: "silence", window: MINUTE, after: MINUTE }],
    ["slide", { kind: "cost", threshold: 1, window: 10 * MINUTE, slide: 3 * MINUTE }],
    ["slide", { kind: "cost", threshold: 1, window: 10 * MINUTE, slide: 20 * MINUTE }],
    ["slide", { kind: "cost", threshold: 1, window: 1_001 * MINUTE, slide: MINUTE }],
    ["by", { kind: "cost", threshold: 1, by: ["user"] }],
    ["by", { kind: "error_rate", threshold: 0.1, by: ["tool"] }],
    ["baseline", { kind: "latency", threshold: 1, baseline: 60 * MINUTE }],
    ["baseline", { kind: "cost", threshold: 2, baseline: MINUTE }],
    ["after", { kind: "silence" }],
    ["after", { kind: "cost", threshold: 1, after: MINUTE }],
    ["lateness", { kind: "silence", after: MINUTE, lateness: 2 * MINUTE }],
  ] as const
) {
  Deno.test(`a rule of ${JSON.stringify(rule)} is refused, naming ${key} and what to do`, () => {
    assert.throws(
      () => read({ mine: rule }),
      (error: Error) =>
        error.message.startsWith(`Cannot take plugins.insights.rules.mine.${key}: `) &&
        / (set|use|remove) /.test(error.message),
    );
  });
}
