import assert from "node:assert/strict";
import type { RuleKind } from "../../../../plugins/insights/rules/rule.ts";
import { type Said, summary } from "../../../../plugins/insights/rules/summary.ts";
import { MINUTE, START } from "./events.ts";
import { aRule } from "./ruling.ts";

const SPAN = "between 2026-01-01 00:00 and 2026-01-01 00:15 UTC";

for (
  const [kind, given, wanted] of [
    [
      "satisfaction",
      { value: -0.25, threshold: -0.2 },
      `The mean rating of model m was -0.25 over 20 ratings ${SPAN} (threshold -0.2).`,
    ],
    [
      "satisfaction",
      { value: 0.1, baseline: 0.61234 },
      `The mean rating of model m was 0.1 over 20 ratings ${SPAN}, against 0.6123 before.`,
    ],
    [
      "error_rate",
      { value: 0.35, threshold: 0.2 },
      `35% of 20 calls of model m failed ${SPAN} (threshold 20%).`,
    ],
    [
      "latency",
      { value: 90_500, threshold: 60_000 },
      `95% of 20 answers of model m came within 1.508 min ${SPAN} (threshold 1 min).`,
    ],
    ["cost", { value: 12.5, baseline: 2 }, `20 calls of model m cost 12.5 ${SPAN}, against 2 before.`],
    ["failing_tool", { value: 7, threshold: 5 }, `7 of 20 calls of model m failed ${SPAN} (threshold 5).`],
    [
      "loop",
      { value: 20, threshold: 5 },
      `The same call of model m was made 20 times ${SPAN} (threshold 5).`,
    ],
    ["silence", { value: 900 }, "No turn of model m came since 2026-01-01 00:00 UTC (15 min)."],
  ] as const satisfies readonly (readonly [RuleKind, Partial<Said> & { threshold?: number }, string])[]
) {
  Deno.test(`a sentence says what there is: ${wanted}`, () => {
    const { threshold = 1, ...figures }: Partial<Said> & { threshold?: number } = given;
    const said = {
      rule: aRule({ kind, threshold }),
      key: { tenant: "acme", grp: JSON.stringify([{ model: "m" }, "detail"]) },
      value: 0,
      baseline: undefined,
      samples: 20,
      startMs: START,
      endMs: START + 15 * MINUTE,
      ...figures,
    };
    assert.equal(summary(said), wanted);
    const over = summary({ ...said, over: true });
    assert.ok(over.startsWith("Over: ") && /^Over: [a-z0-9]/.test(over), over);
  });
}
