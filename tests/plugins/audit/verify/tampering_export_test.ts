import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { recordBytes } from "../../../../plugins/audit/record/encode_record.ts";
import { originOf, signCheckpoint } from "../../../../plugins/audit/tree/checkpoint.ts";
import { anchorLine, checkpointLine, endLine } from "../../../../plugins/audit/verify/export_format.ts";
import { keyOf, TrailBuilder } from "./trail_builder.ts";
import { firstOf, verifyExport, verifyTopics } from "./verifying.ts";

const OTHER = "w-fedcba9876543210";
/** 20 records; checkpoints of 8, 15 and 18. Line 1 is the header, so record n is line n + 2 until the first checkpoint. */
const built = new TrailBuilder().add(8).checkpoint().add(7).checkpoint().add(3).checkpoint().add(2);
const other = new TrailBuilder(OTHER, 2).add(5).checkpoint();
const line = (seq: number) => `${Buffer.from(built.records[seq]!.bytes)}\n`;
const note = (size: number, root: Uint8Array = Buffer.alloc(32)) =>
  checkpointLine(signCheckpoint({ origin: originOf(built.writer), size, root }, [keyOf(1).signer]));

/** The export without, with, or with another line. */
function swap(lines: string[], one: string, by: string): string[] {
  const at = lines.indexOf(one);
  assert.ok(at >= 0);
  return lines.with(at, by);
}

const changed = (seq: number, given: object) =>
  `${Buffer.from(recordBytes({ ...built.records[seq]!.record, ...given }))}\n`;

const CASES: [what: string, first: string, tamper: (lines: string[]) => string[]][] = [
  ["nothing", "sound", (lines) => lines],
  ["a record changed", "altered at 5", (lines) => swap(lines, line(5), changed(5, { tenant: "x" }))],
  ["a link changed", "altered at 5", (lines) => swap(lines, line(5), changed(5, { prev: "0".repeat(64) }))],
  ["a record gone", "missing at 5", (lines) => lines.filter((each) => each !== line(5))],
  [
    "two records swapped",
    "reordered at 5",
    (lines) => swap(swap(swap(lines, line(5), "x"), line(6), line(5)), "x", line(6)),
  ],
  [
    "a record moved to the end",
    "reordered at 3",
    (lines) => [...lines.filter((each) => each !== line(3)).slice(0, -1), line(3), lines.at(-1)!],
  ],
  ["a record twice", "duplicated at 5", (lines) => swap(lines, line(5), line(5) + line(5))],
  [
    "an old record again at the end",
    "duplicated at 2",
    (lines) => [...lines.slice(0, -1), line(2), lines.at(-1)!],
  ],
  ["spaces in a record", "not-canonical at 5", (lines) => swap(lines, line(5), line(5).replace(":", ": "))],
  [
    "members in another order",
    "not-canonical at 5",
    (lines) =>
      swap(
        lines,
        line(5),
        `${JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line(5))).reverse()))}\n`,
      ),
  ],
  [
    "a member twice",
    "not-canonical at 5",
    (lines) => swap(lines, line(5), line(5).replace('"v":1', '"v":1,"v":1')),
  ],
  ["a line of garbage", "malformed at 5", (lines) => swap(lines, line(5), `garbage\n${line(5)}`)],
  ["an empty line", "malformed at 5", (lines) => swap(lines, line(5), `\n${line(5)}`)],
  ["half of the file", "truncated at 9", (lines) => [...lines.slice(0, 11), note(18)]],
  ["the file cut in a line", "truncated", (lines) => [lines.join("").slice(0, -30)]],
  ["the last line gone", "truncated", (lines) => lines.slice(0, -1)],
  ["the last records gone, and counted", "truncated", (lines) => swap(lines, line(19), "")],
  ["a second end", "format", (lines) => [...lines, lines.at(-1)!]],
  ["the header gone", "format", (lines) => lines.slice(1)],
  ["the header of another version", "format", (lines) => [lines[0]!.replace("1}", "2}"), ...lines.slice(1)]],
  ["a second header", "format", (lines) => [lines[0]!, ...lines]],
  ["a record behind the end", "duplicated at 19", (lines) => [...lines, line(19)]],
  [
    "another end",
    "truncated",
    (lines) => [...lines.slice(0, -1), endLine({ records: 20, checkpoints: 2, proofs: 0 })],
  ],
  [
    "a checkpoint in front of its size",
    "sound",
    (lines) =>
      swap(
        swap(lines, line(2), note(8, built.checkpoints[0]!.root) + line(2)),
        checkpointLine(built.checkpoints[0]!.note),
        "",
      ),
  ],
  ["a checkpoint behind its size", "reordered", (lines) => {
    const first = checkpointLine(built.checkpoints[0]!.note);
    return swap(swap(lines, first, ""), line(12), first + line(12));
  }],
  ["two signed checkpoints of one size", "split-view", (lines) => swap(lines, line(15), note(15) + line(15))],
  [
    "an anchor for records that are here",
    "sound",
    (lines) => [lines[0]!, anchorLine(built.anchor(4)), ...lines.slice(1)],
  ],
];

for (const [what, first, tamper] of CASES) {
  Deno.test(`in an export, verification finds: ${what}`, async () => {
    const report = await verifyExport(tamper(built.exportLines()).join(""));
    assert.equal(firstOf(report), first, JSON.stringify(report.damages));
  });
}

Deno.test("an export of several writers is verified with a key for each", async () => {
  const lines = [
    ...built.exportLines().slice(0, -1),
    ...other.exportLines().slice(1, -1),
    endLine({ records: 25, checkpoints: 4, proofs: 0 }),
  ];
  const vkeys = [keyOf(1).vkey, keyOf(2, OTHER).vkey];
  const both = await verifyExport(lines.join(""), { vkeys });
  assert.equal(firstOf(both), "sound");
  assert.deepEqual(both.writers.map(({ records, covered }) => [records, covered]), [[20, 18], [5, 5]]);
  const one = await verifyExport(lines.join(""));
  assert.deepEqual([firstOf(one), one.damaged], ["unknown-key", 1]);
  // One writer's record made the other's.
  const moved = lines.map((each) => each === line(5) ? changed(5, { writer: OTHER }) : each);
  assert.equal(firstOf(await verifyExport(moved.join(""), { vkeys })), "altered at 5");
});

Deno.test("a checkpoint kept elsewhere shows what no checkpoint of the trail can", async () => {
  const forged = new TrailBuilder().add(3).add(1, { tenant: "x" }).add(16).checkpoint();
  const text = forged.exportLines().join("");
  const [kept, later] = [built.checkpoints[0]!.note, built.checkpoints[2]!.note];
  assert.equal(firstOf(await verifyExport(text)), "sound");
  assert.equal(firstOf(await verifyExport(text, { elsewhere: [kept] })), "inconsistent at 0");
  const short = new TrailBuilder().add(8).checkpoint();
  assert.equal(
    firstOf(await verifyExport(short.exportLines().join(""), { elsewhere: [later] })),
    "truncated at 8",
  );
  assert.equal(
    firstOf(
      await verifyExport(other.exportLines().join(""), { vkeys: [keyOf(2, OTHER).vkey], elsewhere: [later] }),
    ),
    "truncated",
  );
  const whole = built.exportLines().join("");
  assert.equal(firstOf(await verifyExport(whole, { elsewhere: [kept, later] })), "sound");
  assert.equal(
    firstOf(await verifyExport(whole, { elsewhere: [kept.replace("8\n", "9\n")] })),
    "forged-checkpoint",
  );
  assert.equal(firstOf(await verifyExport(whole, { elsewhere: ["nothing"] })), "forged-checkpoint");
  const split = signCheckpoint({ origin: originOf(built.writer), size: 8, root: Buffer.alloc(32) }, [
    keyOf(1).signer,
  ]);
  assert.equal(firstOf(await verifyExport(whole, { elsewhere: [split] })), "split-view");
});

Deno.test("in the topics, verification finds what was changed there", async () => {
  const records: (Uint8Array | null)[] = built.records.map(({ bytes }) => bytes);
  const checkpoints = built.checkpoints.map(({ note }) => note);
  const first = async (values: (Uint8Array | null)[], notes = checkpoints) =>
    firstOf(await verifyTopics({ records: values, checkpoints: notes }));
  assert.equal(await first(records), "sound");
  assert.equal(await first(records.with(5, Buffer.from(changed(5, { tenant: "x" }).trim()))), "altered at 5");
  assert.equal(await first(records.toSpliced(5, 1)), "missing at 5");
  assert.equal(await first(records.with(5, null)), "malformed at 5");
  assert.equal(await first(records.toSpliced(5, 0, records[4]!)), "duplicated at 4");
  assert.equal(await first(records.slice(0, 10)), "truncated at 10");
  assert.equal(await first(records.slice(4)), "anchor-missing at 4");
  assert.equal(
    await first(records, checkpoints.with(1, checkpoints[1]!.replace("15\n", "14\n"))),
    "forged-checkpoint",
  );
  assert.equal(await first(records, ["x", ...checkpoints]), "forged-checkpoint");
  assert.equal(await first([]), "truncated at 0");
});
