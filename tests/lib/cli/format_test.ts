import assert from "node:assert/strict";
import fc from "fast-check";
import { bytes, count, duration, plural, timeOf } from "../../../lib/cli/format.ts";
import { folded } from "../../../lib/cli/fold.ts";
import { table } from "../../../lib/cli/table.ts";
import { numberOption } from "../../../lib/cli/number_option.ts";

Deno.test("bytes() keeps two or three digits", () => {
  assert.deepEqual([0, 999, 1000, 1500, 9949, 99_500, 999_499, 999_500, 12e9].map(bytes), [
    "0 B",
    "999 B",
    "1.0 KB",
    "1.5 KB",
    "9.9 KB",
    "100 KB",
    "999 KB",
    "1.0 MB",
    "12 GB",
  ]);
});

Deno.test("duration() names the unit that fits", () => {
  assert.deepEqual([0, 999, 1000, 119_000, 120_000, 7_200_000, 172_800_000].map(duration), [
    "0 ms",
    "999 ms",
    "1 s",
    "119 s",
    "2 min",
    "2 h",
    "2 days",
  ]);
});

Deno.test("count() and plural() group thousands", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(plural(1, "turn"), "1 turn");
  assert.equal(plural(2000, "turn"), "2,000 turns");
  assert.equal(plural(0, "reply", "replies"), "0 replies");
});

Deno.test("timeOf() has a fixed width", () =>
  assert.match(timeOf(0), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000$/));

Deno.test("table() aligns words left and numbers right, without trailing blanks", () => {
  assert.equal(
    table([["topic", "records", ""], ["tapes.nodes.v1", "12", ""], ["x", "1,200", "late"]]),
    "topic           records\ntapes.nodes.v1       12\nx                 1,200  late\n",
  );
});

Deno.test("table() gives colour codes no room", () => {
  assert.equal(table([["\x1b[1mab\x1b[22m", "c"], ["abc", "d"]]), "\x1b[1mab\x1b[22m   c\nabc  d\n");
});

Deno.test("numberOption() refuses what is no whole number", () => {
  assert.equal(numberOption("--max", undefined, { min: 1 }), undefined);
  assert.equal(numberOption("--max", "12", { min: 1 }), 12);
  for (const wrong of ["", " ", "x", "1.5", "0", "-1", "1e400", "9007199254740993"]) {
    assert.throws(() => numberOption("--max", wrong, { min: 1 }), { name: "UsageError" }, wrong);
  }
});

const GROUPS = [
  ["group", "state", "behind", "topics"],
  ["insights-feedback", "running", "0", "agent-trace-events ai-feedback-events"],
  ["tapes-deriver", "\x1b[32mempty\x1b[39m", "12", "tapes.calls.v1"],
];

Deno.test("table() goes on below the last column where a line has no room", () => {
  assert.equal(
    table(GROUPS, { columns: 60 }),
    `\
group              state    behind  topics
insights-feedback  running       0  agent-trace-events
                                    ai-feedback-events
tapes-deriver      \x1b[32mempty\x1b[39m        12  tapes.calls.v1
`,
  );
});

Deno.test("table() gives the first column a line of its own where there is less room still", () => {
  assert.equal(
    table(GROUPS, { columns: 40 }),
    `\
group
  state    behind  topics
insights-feedback
  running       0  agent-trace-events
                   ai-feedback-events
tapes-deriver
  \x1b[32mempty\x1b[39m        12  tapes.calls.v1
`,
  );
});

Deno.test("folded() breaks a line at spaces, indents what follows, and loses nothing", () => {
  assert.equal(folded("nothing goes to Kafka from here", 20), "nothing goes to\n  Kafka from here");
  assert.equal(folded("short", 20), "short");
  fc.assert(fc.property(fc.lorem({ maxCount: 30 }), fc.integer({ min: 25, max: 90 }), (line, columns) => {
    const lines = folded(line, columns).split("\n");
    for (const each of lines) assert.ok(each.length <= columns, each);
    assert.equal(lines.map((each) => each.trim()).join(" "), line);
  }));
});
