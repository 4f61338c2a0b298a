import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { looksLikeExport } from "../../../../plugins/audit/verify/looks_like_export.ts";
import { TrailBuilder } from "./trail_builder.ts";

const built = new TrailBuilder().add(3).checkpoint().add(3).retain(2).checkpoint();
const lines = built.exportLines(built.anchor(2));

Deno.test("an export is known as one, be it cut or damaged where it begins", () => {
  const damaged = [
    lines,
    lines.slice(0, 1),
    lines.slice(1),
    ["x", ...lines.slice(1)],
    [lines[0]!.replace("1", "2"), ...lines.slice(1)],
    ["\n", "\n", ...lines.slice(2)],
    built.exportLines().slice(1),
  ];
  for (const each of damaged) assert.ok(looksLikeExport(Buffer.from(each.join(""))), each[0]);
});

Deno.test("what is no export is not taken for a damaged one", () => {
  const others = [
    "",
    "\n\n\n\n",
    '{"specversion":"1.0","type":"x"}\n{"specversion":"1.0","type":"x"}\n',
    "seq,time\n1,2026-01-01\n",
    "SQLite format 3\0",
    '{"format":"another","v":1}\n',
    lines[0]!.trimEnd(),
    `${"x\n".repeat(10)}${lines.join("")}`,
    built.checkpoints[0]!.note,
  ];
  for (const each of others) assert.ok(!looksLikeExport(Buffer.from(each)), each);
});
