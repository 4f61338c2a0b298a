import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { type Line, readLines } from "../../../../plugins/audit/verify/read_lines.ts";
import { splitNotes } from "../../../../plugins/audit/verify/split_notes.ts";
import { TrailBuilder } from "./trail_builder.ts";

Deno.test("readLines() gives the same lines however the bytes come, and says how far it is", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.stringMatching(/^[ab\n]{0,8}$/), { maxLength: 12 }),
    async (pieces) => {
      async function* chunks() {
        for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
      }
      const lines: Line[] = [];
      for await (const line of readLines(chunks())) lines.push(line);
      const said = lines.map(({ bytes, whole }) => `${Buffer.from(bytes)}${whole ? "\n" : ""}`);
      assert.equal(said.join(""), pieces.join(""));
      assert.deepEqual(lines.map(({ number }) => number), lines.map((_, at) => at + 1));
    },
  ));
});

Deno.test("splitNotes() parts a file of checkpoints, and leaves nothing unread", () => {
  const notes = new TrailBuilder().add(2).checkpoint().add(1).checkpoint().checkpoints.map(({ note }) =>
    note
  );
  assert.deepEqual(splitNotes(notes.map((note) => `${note}\n`).join("")), notes);
  assert.deepEqual(splitNotes(notes[0] ?? ""), notes.slice(0, 1));
  assert.deepEqual(splitNotes("nothing"), ["nothing"]);
  assert.deepEqual(splitNotes(""), [""]);
  assert.deepEqual(splitNotes(`${notes[0]}\nrest`), [notes[0], "rest"]);
});
